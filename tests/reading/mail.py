"""The dialogue of a mail session: lines of both sides in the order of causes, commands paired with their replies.

What SMTP, IMAP, POP3 and ManageSieve have in common stands here; their own grammar is in protocols.py. The result is
a set of plain facts (class Facts), to which verdict.py applies section 2 of doc/measurement.md.
"""
import base64, binascii, re
import evidence, tls
from tls import CLIENT, SERVER

EXPOSURES = ('none', 'guessable', 'secret')
# Section 4: which response of the client is the credential, and what it is worth.
MECHANISMS = {'PLAIN': (1, 'secret'), 'XOAUTH2': (1, 'secret'), 'OAUTHBEARER': (1, 'secret'), 'LOGIN': (2, 'secret'),
              'CRAM-MD5': (1, 'guessable'), 'DIGEST-MD5': (1, 'guessable'), 'GSSAPI': (0, 'none'), 'EXTERNAL': (0, 'none'),
              'ANONYMOUS': (0, 'none'), 'NTLM': ('type 3', 'guessable')}


class Facts:
    def __init__(self):
        self.offered = None                 # in the lists that were seen: True, False; None: no list
        self.requested = self.accepted = self.refused = False
        self.spoken = False                 # section 2, `clear`: mail was spoken
        self.tried = False                  # an attempt to authenticate
        self.exposure = None                # None, or one of EXPOSURES
        self.evidence = {}                  # name: grade
        self.attempts = []                  # of TLS
        self.closed = False                 # a FIN or RST was seen
        self.lost_since_request = False     # bytes were lost after STARTTLS was asked for
        self.request_time = None
        self.unsure_request = False         # the request itself was not seen
        self.clear_after = False            # the client went on in clear behind the go-ahead
        self.commands = 0

    def add(self, name, grade):
        order = ('possible', 'likely', 'proven')
        if name not in self.evidence or order.index(grade) > order.index(self.evidence[name]):
            self.evidence[name] = grade

    def expose(self, what):
        if self.exposure is None or EXPOSURES.index(what) >= EXPOSURES.index(self.exposure):
            self.exposure = what


class Command:
    def __init__(self, verb, argument, end, doubt, knew, tag=None):
        self.verb, self.argument, self.end, self.tag = verb, argument, end, tag
        self.doubt = doubt                  # a command only once a reply to it is seen
        self.knew = knew                    # how much of the server's stream the client had
        self.sasl = None


class Sasl:
    """One exchange: counts the responses of the client (section 4)."""

    def __init__(self, facts, mechanism):
        self.facts, self.mechanism, self.count = facts, mechanism.upper(), 0
        facts.tried = True
        if facts.exposure is None:
            facts.exposure = 'none'

    def response(self, text):
        text = text.strip()
        if text == b'*':
            return
        self.count += 1
        if text in (b'', b'='):
            if self.mechanism in ('PLAIN', 'XOAUTH2', 'OAUTHBEARER') or self.mechanism not in MECHANISMS:
                self.count -= 1             # the first response that is not empty counts
            return
        which, worth = MECHANISMS.get(self.mechanism, (1, 'guessable'))
        if self.mechanism.startswith('SCRAM-'):
            which = 2                       # the client's final message
        if which == 'type 3':
            which = self.count if is_type_3(text) else 0
        if which and self.count >= which:
            self.facts.expose(worth)


def is_base64(text):
    return len(text) % 4 == 0 and re.fullmatch(rb'[A-Za-z0-9+/]+={0,2}', text)


def is_response(mechanism, text):
    """Of Base64 that a client sent without being asked: no command. Those have no signs, are no longer than the name of a
    mechanism, and read as Base64 they are no text; what evidence has in the place of a response is one."""
    if re.search(rb'[+/=]', text) or len(text) > 20 or not text.strip(b'x'):
        return True
    sign = {'PLAIN': '\0', 'SECURID': '\0', 'XOAUTH2': '\1', 'OAUTHBEARER': '\1'}.get(mechanism)
    try:
        said = base64.b64decode(text).decode()
    except UnicodeDecodeError:
        return False
    if sign and sign not in said or re.search('[\0-\x1f\x7f]', said.replace(sign or '\t', '')):
        return False
    return len(text) > 4 or mechanism in MECHANISMS


def is_type_3(text):
    try:
        return base64.b64decode(text[:16])[:9] == b'NTLMSSP\0\3'
    except binascii.Error:
        return False


class Dialogue:
    """Feeds itself with the chunks of a reading. Subclasses know the lines of their protocol:
    command(line), reply(line), held(), orphan(). `loose`: a bare LF.LF ends a message, too."""

    def __init__(self, chunks, first_side, server_port, tls_port, midstream, sides, end, loose=False):
        self.chunks, self.client_side = chunks, first_side
        self.port, self.tls_port, self.midstream, self.sides, self.capture_end = server_port, tls_port, midstream, sides, end
        self.loose = loose
        self.facts = Facts()
        self.queue = ([], [])               # [chunk, rest of its bytes]
        self.waiting = []                   # commands without an answer
        self.hold = None                    # the command whose reply decides what the client's next bytes are
        self.undecided = None               # the same when its reply was lost: these bytes decide
        self.hole_end = 0                   # where the last hole of the server ends
        self.doubtful_state = False         # a login or a transaction may have happened in a hole
        self.closings = set()
        self.mode = 'line'                  # of the client: 'line', 'body', 'sasl'
        self.count = [0, 0]                 # bytes of a literal or chunk that are to be skipped
        self.doubt = midstream              # client lines are commands only when replied to
        self.lost_replies = False           # a hole in the server's stream may hold answers
        self.lost = [False, False]          # anything was lost on this side so far
        self.attempt = None                 # TLS that is going on
        self.clear_seen = [False, False]    # a line in clear was read
        self.after_accept = None            # place in the server's stream where the go-ahead ended
        self.authenticated = False
        self.unheard = None                 # the exchange that was refused last, and where in the server's stream that ended
        self.list_whole = False
        self.masked, self.real_offer = [], False
        self.orphans = self.unanswered = 0
        self.chunk = None                   # that holds the end of the line at hand
        self.null = None

    def run(self):
        for chunk in self.chunks:
            side = CLIENT if chunk.side == self.client_side else SERVER
            if chunk.kind in ('fin', 'rst'):
                self.facts.closed = True
                self.closings.add((chunk.kind, side))
            if chunk.kind == 'hole' and (self.facts.requested or self.facts.accepted):
                self.facts.lost_since_request = True
            self.queue[side].append([chunk, chunk.data])
            self.pump()
        while self.hold:                    # the answer never came: judge by what the client did next
            self.release()
            self.pump()
        self.unanswered = len([c for c in self.waiting if not c.doubt])
        self.finish()
        return self

    # --- bytes into lines ---

    def pump(self):
        while self.step(SERVER) or self.step(CLIENT):
            pass

    def step(self, side):
        q = self.queue[side]
        if not q:
            return False
        chunk, data = q[0]
        if self.attempt:
            q.pop(0)
            if chunk.kind == 'hole' and not self.sides[side]:
                return True                 # nothing of this side was seen: one direction only
            text = self.attempt.feed(side, chunk, data)
            if text and b'\n' not in text[:tls.hello_within(text) or None]:
                return self.text_before_hello(side, chunk, text)
            if text:                        # no TLS any more: the dialogue goes on in clear
                q.insert(0, [chunk, text])
                self.doubt |= self.attempt.gap
                self.attempt, self.hold, self.mode = None, None, 'line'
            return True
        if chunk.kind in ('fin', 'rst'):
            q.pop(0)
            return True
        if chunk.kind == 'hole':
            if side == CLIENT and self.hold and self.sides[SERVER]:
                return False
            q.pop(0)
            self.hole(side, chunk)
            return True
        if side == CLIENT and self.hold and not self.sides[SERVER]:
            self.release()
        if side == CLIENT and self.undecided:
            self.hold, self.undecided = self.undecided, None
            self.release()
        if self.count[side]:
            n = min(self.count[side], len(data))
            self.count[side] -= n
            self.literal(side, data[:n])
            self.drop(side, n)
            return True
        if side == CLIENT and self.hold and self.hold_tls(data) is not True:
            return False
        ready = b''.join(d for c, d in self.until_hole(side))
        begun = tls.begins(ready) if self.at_line_start(side) else False
        if begun:
            self.begin_tls(side, chunk)
            return True
        if begun is None:
            return False
        n = ready.find(b'\n') + 1
        if not n:
            if len(self.until_hole(side)) < len(q):     # the line is broken off by a hole or the end
                self.broken(side, ready)
                self.drop(side, len(ready))
                return True
            return False
        self.drop(side, n)
        self.clear_seen[side] = True
        if side == CLIENT:
            self.client_line(ready[:n])
        else:
            self.server_line(ready[:n])
        return True

    def text_before_hello(self, side, chunk, text):
        """Text without a line's end, where TLS was to begin: it is nothing where a hello comes right behind it."""
        q, at = self.queue[side], tls.hello_within(text)
        if not at and q and q[0][0].kind == 'data':
            chunk, data = q.pop(0)
            text += data
        elif not at:
            q.insert(0, [chunk, text])
            return False
        self.attempt.text[side] = None
        q.insert(0, [chunk, text[at:]])
        return True

    def hold_tls(self, data):
        """While an answer is awaited, TLS may begin all the same (its go-ahead was lost, or is late)."""
        return self.lost_replies and tls.begins(data)

    def at_line_start(self, side):
        return side == SERVER or self.mode == 'line'

    def until_hole(self, side):
        out = []
        for c, d in self.queue[side]:
            if c.kind != 'data':
                break
            out.append((c, d))
        return out

    def rest(self, side):
        """All that the side still sends. (The streams are whole in memory.)"""
        own = self.client_side if side == CLIENT else 1 - self.client_side
        begun = [c for c, _ in self.queue[side]]
        later = [c for c in self.chunks if c.side == own and c not in begun and begun and c.start >= begun[-1].end]
        return b''.join([d for _, d in self.queue[side]] + [c.data for c in later])

    def drop(self, side, n):
        q = self.queue[side]
        while n and q:
            take = min(n, len(q[0][1]))
            self.chunk = q[0][0]
            self.place = self.chunk.end - len(q[0][1]) + take       # where the line at hand ends
            q[0][1] = q[0][1][take:]
            n -= take
            if not q[0][1]:
                q.pop(0)

    # --- holes ---

    def hole(self, side, chunk):
        n = min(self.count[side], chunk.length)
        self.count[side] -= n
        if n == chunk.length:
            return                          # all of it was in a literal or a chunk of a message
        self.lost[side] = True
        if side == SERVER:
            self.lost_replies = True
            self.hole_end = chunk.end
            self.list_whole = False
            self.server_hole()
            if self.hold:
                self.hold, self.undecided = None, self.hold
        else:
            self.doubtful_state |= self.sides[CLIENT]
            if self.mode == 'sasl':
                self.mode = 'line'
            if self.mode == 'line' and self.sides[SERVER]:
                self.doubt = True

    def broken(self, side, text):
        """A line that ends in a hole, or with its stream: no command. The reply's first words may still be read."""
        self.broken_reply = text if side == SERVER else None

    def server_hole(self):
        pass

    def server_caught_up(self):
        pass

    def literal(self, side, data):
        pass

    # --- TLS ---

    def begin_tls(self, side, chunk):
        f = self.facts
        self.null = None
        asked = f.requested or f.accepted
        lost_before = any(self.lost) or self.midstream
        if asked:
            kind = 'starttls'
        elif not any(self.clear_seen) and not lost_before:
            kind = 'implicit'
        else:                               # section 3: by the port, when the beginning was not seen
            kind = 'implicit' if self.tls_port else 'starttls' if lost_before else 'implicit'
        self.attempt = tls.Attempt(kind, chunk.time)
        if kind == 'starttls' and lost_before and any(self.lost) or self.midstream:
            self.attempt.gap = not asked and self.midstream
        if not self.sides[SERVER] or not self.sides[CLIENT]:
            self.attempt.gap = False
        self.attempt.closed |= self.closings
        f.attempts.append(self.attempt)
        self.waiting, self.hold, self.mode = [], None, 'line'

    # --- commands and replies ---

    def send(self, verb, argument=b'', hold=False, tag=None):
        """Takes note of a command; what it means is noted at once, or with its reply when it is in doubt."""
        if not self.waiting and (self.chunk.ack or 0) >= self.hole_end:
            self.lost_replies = False       # the client had read all that was lost
            self.server_caught_up()
        c = Command(verb, argument, self.place, self.doubt or self.injected(), self.chunk.ack, tag)
        self.waiting.append(c)
        self.facts.commands += 1
        if self.after_accept is not None and not c.doubt:
            self.facts.clear_after = True
        if not c.doubt:
            self.means(c)
        if hold and not c.doubt:
            self.hold = c
        return c

    def login_refused(self, c):
        if c.sasl:
            self.unheard = c.sasl, self.chunk.end

    def response_unheard(self, line):
        """A response all the same if it was sent before the refusal was heard."""
        said = line.strip()
        if self.unheard and said and self.chunk.ack is not None and self.chunk.ack < self.unheard[1] and is_base64(said) and is_response(self.unheard[0].mechanism, said):
            self.unheard[0].response(line)

    def injected(self):
        """Whether the line at hand was sent before the client knew of the go-ahead: behind STARTTLS such lines are
        thrown away by good servers."""
        return self.after_accept is not None and (self.chunk.ack is None or self.chunk.ack < self.after_accept)

    def answered(self, c):
        """The reply to a command is seen."""
        if c.doubt:
            c.doubt = False
            self.means(c)
            if self.after_accept is None:
                self.doubt = False          # now it is known where the lines are
        if self.after_accept is not None and c.knew is not None and c.knew >= self.after_accept and c.verb not in ('STARTTLS', 'STLS'):
            if self.facts.unsure_request:   # the command was lost, and was none that asks for TLS
                self.facts.accepted = self.facts.requested = self.facts.unsure_request = False
                self.after_accept = None
            else:
                self.facts.add('clear_after_accept', 'possible')
        if self.hold is c:
            self.hold = None
        if self.undecided is c:
            self.undecided = None

    def pair(self, plausible=lambda c: True):
        """The command a reply belongs to. Where nothing was lost that is the oldest; else the last plausible one
        that the server had when it answered."""
        if not self.waiting:
            return None
        if not self.lost_replies and not self.waiting[0].doubt:
            return self.waiting[0]
        ack = self.chunk.ack
        known = [c for c in self.waiting if ack is None or c.end <= ack]
        fitting = [c for c in known if plausible(c)]
        if not fitting:
            return None
        chosen = fitting[-1]
        if any(c.verb in ('AUTH', 'AUTHENTICATE', 'LOGIN', 'PASS', 'APOP', 'MAIL') for c in self.waiting[:self.waiting.index(chosen)]):
            self.doubtful_state = True
        self.waiting = self.waiting[self.waiting.index(chosen):]
        if len(self.waiting) == 1:
            self.lost_replies = False
        return chosen

    def done(self, c):
        if c in self.waiting:
            self.waiting.remove(c)

    def accept(self, other_word=False):
        """The go-ahead for TLS, perhaps by a word that has an offer of its own."""
        f = self.facts
        f.accepted = f.requested = True
        self.after_accept = self.place
        if f.offered is False and self.list_whole and not f.unsure_request and not other_word:
            f.add('accepted_without_offer', 'possible')

    def may_ask(self):
        """Whether STARTTLS is allowed here: not in a transaction, nor behind a login; both as far as they were seen."""
        return not self.authenticated and not self.doubtful_state and not self.in_transaction()

    def refuse(self, allowed, now=False):
        """STARTTLS was refused, for good or for now (section 5)."""
        f = self.facts
        f.refused = True
        if self.real_offer and allowed:
            f.add('refused_for_now' if now else 'refused_after_offer', 'possible' if now else 'likely')
            self.refusal = self.chunk

    def in_transaction(self):
        return False

    def ask(self, c):
        self.facts.requested = True
        self.facts.request_time = self.chunk.time

    def login_seen(self):
        """Section 2: a reply that reports a successful login counts as a credential sent."""
        offered = [m.upper() for m in self.mechanisms or []]
        self.facts.tried = True
        if offered and all(MECHANISMS.get(m, (1, ''))[1] == 'none' for m in offered):
            self.facts.expose('none')
        else:
            self.facts.expose('secret')

    mechanisms = None
    from_greeting = False                   # its greeting was seen, with or without a SYN

    def finish(self):
        pass

    # --- capability lists ---

    def capabilities(self, words, whole, keyword, software=None, pop3=False):
        """A list of capabilities: the offer, or what stands in its place."""
        if self.authenticated:
            return
        f = self.facts
        whole = whole and (self.from_greeting or not self.midstream) and not self.doubtful_state        # it may be one behind a login
        offer = keyword in [w.upper() for w in words]
        if offer:
            self.real_offer = True
        if offer or whole:
            f.offered = bool(f.offered) or offer
        self.list_whole = whole
        if not offer:
            if whole and self.chunk:
                self.lacking = self.chunk
            grade = evidence.masked(words, keyword, software, pop3)
            if grade and whole:
                self.masked.append(grade)

    lacking = refusal = no_hello = None

    def mask_verdict(self):
        if not self.real_offer:
            for grade in self.masked:
                self.facts.add('masked_capability', grade)


def text(b):
    return b.decode('latin-1').rstrip('\r\n')


def words(line):
    return re.split(r'[ \t]+', line.strip()) if line.strip() else []
