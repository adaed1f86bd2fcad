"""Section 2 of doc/measurement.md, in the order of precedence."""


def verdict(not_mail, facts, judged, unseen_beginning, capture_end):
    """The verdict of a session. `judged`: its attempts of TLS; `unseen_beginning`: mid-stream, or one side only."""
    f = facts
    if not_mail:
        return 'other'
    for kind in ('implicit', 'starttls'):
        if any(j.state == 'completed' and j.attempt.kind == kind for j in judged):
            return 'implicit_tls' if kind == 'implicit' else 'starttls'
    if any(grade in ('likely', 'proven') for grade in f.evidence.values()):
        return 'stripped'
    if f.exposure in ('guessable', 'secret'):
        return 'clear_auth'
    if f.spoken or f.tried:
        return 'clear'
    if attempt_failed(f, judged, capture_end):
        return 'tls_failed'
    return 'incomplete'


def attempt_failed(f, judged, capture_end):
    """tls_failed: TLS was attempted, and its failure was seen. TLS bytes are an attempt, and so is the command."""
    if judged:
        return judged[-1].state == 'failed' or judged[-1].state == 'null' and f.closed
    if not f.requested or f.unsure_request and not f.closed:
        return False
    if f.refused:
        return True
    if f.closed:
        return not f.lost_since_request
    if f.clear_after:
        return True                         # an answer to the go-ahead that is not TLS
    if f.accepted:
        return False                        # a go-ahead after which nothing is seen
    return capture_end - f.request_time >= 30
