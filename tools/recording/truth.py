"""What a scenario says of a session, in the words of doc/measurement.md, and what the log of a server says."""
import collections, re

EXPOSURE = {'PLAIN': 'secret', 'LOGIN': 'secret', 'XOAUTH2': 'secret', 'OAUTHBEARER': 'secret', 'USER': 'secret',
            'GSSAPI': 'none', 'EXTERNAL': 'none', 'ANONYMOUS': 'none'}      # of any other: guessable
ENCRYPTED = ('starttls', 'implicit_tls')


class Truth:
    """One session as it must be on the wire. `fields` are compared with the program and written into the manifest;
    `tls` and `auth` are what the log of the server has to say of it, encrypted or not."""
    def __init__(self, fields, tls, auth):
        self.fields, self.tls, self.auth = fields, tls, auth


def session(verdict, proto='smtp', *, messages=0, starttls=None, offered=None, tls=None, auth=None, command=None,
            exposure=None, inside=None, log_tls=None, log_auth=None, strip='none', stage=None, resumed=None, pq=None, **more):
    """verdict    by section 2
    messages   handed over in clear (SMTP, LMTP, POP3)
    starttls   the reply to STARTTLS ('220'; '' when there was none), None when it was not asked for
    offered    True or False; not compared when None
    tls        the version chosen, '-' for none at all; not compared when None, which an encrypted session may not be
    auth       the mechanism used in clear; command (AUTH, AUTHENTICATE, LOGIN, …) and exposure follow from it unless
               they are named
    inside     the mechanism used within TLS: only the log can tell
    log_tls, log_auth   lists, when the log says something else than the wire (a login given up, a refused certificate)
    strip      the grade of section 5, not compared when None;  more: further fields of the manifest, with _ for . (`tls_sni='mx.example'`)"""
    if verdict in ENCRYPTED and not tls:
        raise SystemExit('record: a truth of %s names no version of TLS' % verdict)
    if auth:
        exposure = exposure or EXPOSURE.get(auth, 'guessable')
        command = command or {'USER': 'USER', 'APOP': 'APOP'}.get(auth, 'AUTHENTICATE' if proto in ('imap', 'sieve') else 'AUTH')
    fields = {'verdict': verdict, 'app_proto': proto, 'starttls.reply': starttls or None,
              'auth.mechanism': auth, 'auth.command': command, 'auth.exposure': exposure}
    if proto in ('smtp', 'lmtp', 'pop3'):
        fields['messages_clear'] = messages
    if starttls is not None or verdict in ('starttls', 'clear', 'clear_auth'):      # else it may be null or no
        fields['starttls.requested'] = starttls is not None
    for name, value in (('strip.grade', strip), ('starttls.offered', offered), ('stage', stage), ('tls.resumed', resumed), ('tls.pq', pq)):
        if value is not None:
            fields[name] = value
    if tls:
        fields['tls.version'] = None if tls == '-' else tls
    elif verdict in ('clear', 'clear_auth') and starttls is None:
        fields['tls.version'] = None
    for name, value in more.items():
        fields[name.replace('_', '.', 1)] = value
    if log_tls is None:
        log_tls = [tls] if verdict in ENCRYPTED else []
    if log_auth is None:
        log_auth = [m for m in (auth if exposure != 'none' else None, inside) if m]
    return Truth(fields, log_tls, log_auth)


def contradictions(truths, log, signs):
    """`signs` are (kind, pattern) of a server, kind `tls` or `auth`; the first group is the version or mechanism.
    A server whose log says nothing of a kind has no sign of it."""
    said = collections.defaultdict(collections.Counter)
    for kind, pattern in signs:
        said[kind].update(normal(kind, m) for m in re.findall(pattern, log, re.M))
    for kind in sorted({kind for kind, _ in signs}):
        want = collections.Counter(normal(kind, word) for t in truths for word in getattr(t, kind))
        if said[kind] != want:
            yield 'the scenario says %s %s, the log %s' % (kind, dict(want), dict(said[kind]))


def normal(kind, word):
    if kind == 'auth':
        return word.upper().replace('_', '-')
    m = re.fullmatch(r'(?i)(TLS|SSL)[ v_]*(\d)(?:[._](\d))?.*', word)
    return '%sv%s.%s' % (m[1].upper(), m[2], m[3] or '0') if m else word
