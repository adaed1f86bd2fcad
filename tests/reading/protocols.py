"""The lines of SMTP and LMTP, IMAP, POP3 and ManageSieve."""
import re
import evidence
from mail import Dialogue, Sasl, MECHANISMS, text
from tls import CLIENT, SERVER

BASE64 = re.compile(rb'[A-Za-z0-9+/]*=*\r?\n?')


class Smtp(Dialogue):
    """RFC 5321, 3207, 4954, 3030; RFC 2033 for LMTP."""
    SPOKEN = ('MAIL', 'RCPT', 'DATA', 'BDAT', 'VRFY', 'EXPN', 'ETRN')
    KNOWN = SPOKEN + ('EHLO', 'HELO', 'LHLO', 'AUTH', 'STARTTLS', 'RSET', 'NOOP', 'QUIT', 'HELP', 'TURN', 'XCLIENT', 'XFORWARD')

    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.greeted = self.midstream
        self.lines, self.gap_in_reply = [], False
        self.transaction, self.recipients = False, 0
        self.esmtp = self.ehlo_refused = False
        self.previous_crlf = True
        self.other_2xx = False
        self.lmtp = self.port == 24
        self.lists = 0

    def in_transaction(self):
        return self.transaction

    # --- the client ---

    def client_line(self, line):
        if self.mode == 'body':
            return self.body_line(line)
        if self.mode == 'sasl':
            self.mode, self.hold = 'line', self.auth
            if self.auth.sasl:
                self.auth.sasl.response(line)
            return
        verb, _, argument = text(line).strip().partition(' ')
        raw, verb = verb, {'X-EXPS': 'AUTH', 'X-ANONYMOUSTLS': 'STARTTLS'}.get(verb.upper(), verb.upper())     # Exchange's
        if verb in self.KNOWN:
            self.unheard = None
        else:
            self.response_unheard(line)
        if self.doubt and verb not in self.KNOWN + ('.',) and not evidence.is_mask(raw, 'STARTTLS'):
            return
        hold = verb in ('DATA', 'STARTTLS', 'XEXCH50') or (verb == 'AUTH' and argument.strip())
        if evidence.is_mask(raw, 'STARTTLS'):
            verb = raw
        c = self.send(verb, argument, hold)
        c.other_word = raw.upper() == 'X-ANONYMOUSTLS'      # its offer is another one
        if verb == 'BDAT':
            size = argument.split()
            self.count[CLIENT] = int(size[0]) if size and size[0].isdigit() else 0

    def body_line(self, line):
        strict = line == b'.\r\n' and self.previous_crlf
        loose = line.rstrip(b'\r\n') == b'.' and not strict
        self.previous_crlf = line.endswith(b'\r\n')
        if strict or (loose and self.loose):
            self.mode = 'line'
            c = self.send('.')
            c.doubt = False

    def means(self, c):
        f = self.facts
        if c.verb in self.SPOKEN or c.verb == '.':
            f.spoken = True                 # a lone dot that is answered is the end of a message
        if c.verb == 'LHLO':
            self.lmtp = True
        if c.verb == 'STARTTLS':
            self.ask(c)
        if evidence.is_mask(c.verb, 'STARTTLS'):
            f.add('masked_command', 'likely')
        if c.verb == 'AUTH' and c.argument.strip():
            mechanism, _, initial = c.argument.strip().partition(' ')
            c.sasl = Sasl(f, mechanism.strip('"'))
            if initial.strip():
                c.sasl.response(initial.encode('latin-1'))
        if c.verb == 'HELO' and self.ehlo_refused and self.esmtp:
            f.add('hello_refused', 'possible')
        if c.verb in ('RSET', 'EHLO', 'HELO', 'LHLO'):
            self.transaction, self.recipients = False, 0

    def release(self):
        """No answer to the command that holds the client back: what comes next tells."""
        c, self.hold = self.hold, None
        ready = b''.join(d for _, d in self.until_hole(CLIENT))
        first = ready[:ready.find(b'\n') + 1] or ready
        verb = text(first).strip().partition(' ')[0].upper()
        if not ready or c.doubt:
            return
        if c.verb == 'DATA' and (verb not in self.KNOWN or self.is_body(self.rest(CLIENT))):
            self.mode, self.previous_crlf = 'body', True
        if c.verb == 'AUTH' and (BASE64.fullmatch(first) or first.strip() == b'*') and verb not in self.KNOWN:
            self.mode, self.auth = 'sasl', c

    @staticmethod
    def is_body(rest):
        """A line with a single dot comes before another DATA."""
        return b'.' in [line.strip(b'\r') for line in re.split(rb'(?i)\nDATA\r?\n', b'\n' + rest)[0].split(b'\n')]

    # --- the server ---

    def server_line(self, line):
        t = text(line)
        m = re.match(r'([2-5]\d\d)(?:([ -])(.*))?$', t)
        if not m:
            return
        if self.lines and self.lines[0][0] != m[1]:
            self.reply()
        self.lines.append((m[1], m[3] or ''))
        if m[2] != '-':
            self.reply()

    def server_hole(self):
        self.gap_in_reply = True

    def server_caught_up(self):
        self.gap_in_reply, self.lines = False, []

    def reply(self):
        lines, self.lines = self.lines, []
        whole, self.gap_in_reply = not self.gap_in_reply, False
        code = int(lines[0][0])
        said = [t for _, t in lines]
        first = not self.greeted or self.midstream and not (self.facts.commands or self.lists or self.from_greeting) and code == 220
        if first and code in (220, 421, 554, 521, 556, 450, 451, 221, 500, 550) and \
                not (self.lost[SERVER] and (self.waiting or code != 220)):
            self.greeted = self.from_greeting = True
            self.esmtp = 'ESMTP' in said[0].upper()
            if evidence.is_masked_greeting(lines[0][0] + ' ' + said[0]):
                self.facts.add('masked_greeting', 'possible')
            return
        self.greeted = True
        c = self.pair(lambda c: self.plausible(c, code, said))
        if c is None:
            return self.orphan(code, said, whole)
        self.answered(c)
        again = getattr(self, 'reply_to_' + {'.': 'end', 'EHLO': 'hello', 'LHLO': 'hello'}.get(c.verb, c.verb.lower()), None)
        if code >= 500 and any(evidence.echo_of_mask(t, 'STARTTLS') for t in said):
            self.facts.add('masked_command', 'likely')
        if not (again and again(c, code, said, whole)):
            self.done(c)

    @staticmethod
    def plausible(c, code, said):
        if code == 354:
            return c.verb in ('DATA', 'XEXCH50')
        if code in (334, 235, 535):
            return c.verb == 'AUTH'
        if code == 220:
            return c.verb == 'STARTTLS'
        if code == 221:
            return c.verb == 'QUIT'
        if code == 250 and len(said) > 1:
            return c.verb in ('EHLO', 'LHLO', 'HELO')
        if evidence.is_mask(c.verb, 'STARTTLS'):
            return code >= 500
        return not (200 <= code < 300 and c.verb in ('DATA', 'AUTH', 'STARTTLS', 'QUIT'))

    def reply_to_hello(self, c, code, said, whole):
        if code >= 500:
            self.ehlo_refused = True
            if not (self.lost[CLIENT] or self.lost[SERVER] or self.midstream):
                self.no_hello = self.chunk
        elif code < 300:
            self.list(said[1:], whole)

    def list(self, said, whole):
        self.lists += 1
        keys = [(t.split() or [''])[0] for t in said]
        self.mechanisms = [m for t in said if t.upper().startswith(('AUTH', 'X-EXPS')) for m in re.split(r'[ =]', t)[1:]]
        self.capabilities(keys, whole, 'STARTTLS', software=True)

    def reply_to_starttls(self, c, code, said, whole):
        if code == 220:
            self.accept(c.other_word)
        elif code < 300:
            self.other_2xx, self.then_allowed = True, self.may_ask() and not c.other_word
            self.refusal_chunk, self.commands_then = self.chunk, self.facts.commands
        elif 400 <= code < 500:
            self.facts.refused = True
            if code != 421:
                self.refuse(self.may_ask() and not c.other_word, now=True)
        else:
            self.refuse(self.may_ask() and not c.other_word and not (code == 501 and c.argument.strip()))

    def reply_to_auth(self, c, code, said, whole):
        if code == 334:
            self.mode, self.auth = 'sasl', c
            return True
        if code == 235:
            self.authenticated = True
            if c.sasl:
                self.facts.expose(MECHANISMS.get(c.sasl.mechanism, (1, 'guessable'))[1])
        else:
            self.login_refused(c)

    def reply_to_mail(self, c, code, said, whole):
        self.transaction |= code < 300

    def reply_to_rcpt(self, c, code, said, whole):
        self.recipients += code < 300

    def reply_to_data(self, c, code, said, whole):
        if code == 354:
            self.mode, self.previous_crlf = 'body', True

    def reply_to_xexch50(self, c, code, said, whole):
        size = c.argument.split()
        if code == 354 and size and size[0].isdigit():      # bytes of Exchange's own, then an answer
            self.count[CLIENT] = int(size[0])
            return True

    def reply_to_end(self, c, code, said, whole):
        if code == 353:                     # PRDR: one answer for each recipient, and one for all
            c.more = self.recipients + 1
            return True
        if getattr(c, 'more', 0) > 1:
            c.more -= 1
            return True
        self.recipients -= 1
        if self.lmtp and self.recipients > 0:
            return True
        self.transaction = False

    def reply_to_bdat(self, c, code, said, whole):
        if 'LAST' in c.argument.upper():
            self.transaction = False

    def orphan(self, code, said, whole):
        """A reply to a command that was not seen."""
        self.orphans += 1
        f = self.facts
        if not (self.lost[CLIENT] or self.midstream or not self.sides[CLIENT] or self.lost_replies):
            return
        if code == 250 and len(said) > 1:
            self.list(said[1:], whole)
        elif code == 354:
            f.spoken, self.mode, self.previous_crlf = True, 'body', True
        elif code == 235:
            self.login_seen()
            self.authenticated = True
        elif code == 334 and self.sides[CLIENT]:
            name = {'VXNlcm5hbWU6': 'LOGIN', 'UGFzc3dvcmQ6': 'LOGIN'}.get(said[0].strip(), 'unknown')
            c = self.send('AUTH', '')
            c.doubt, c.sasl = False, Sasl(f, name)
            c.sasl.count = 1 if said[0].strip() == 'UGFzc3dvcmQ6' else 0
            self.mode, self.auth = 'sasl', c
        elif code == 220 and not self.authenticated and (self.lists or not self.midstream):
            f.unsure_request = True
            self.accept()
        if self.mode == 'body' and code != 354:
            self.mode = 'line'

    def finish(self):
        if self.lines:
            self.gap_in_reply = True
        if self.other_2xx and not self.facts.attempts and (self.facts.closed or self.facts.commands > self.commands_then):
            self.chunk = self.refusal_chunk
            self.refuse(self.then_allowed)


class Imap(Dialogue):
    """RFC 9051, 2595."""
    NOTHING = ('CAPABILITY', 'NOOP', 'LOGOUT', 'ID', 'ENABLE', 'STARTTLS', 'LOGIN', 'AUTHENTICATE', 'COMPRESS')
    ACCESS = ('SELECT', 'EXAMINE', 'LIST', 'LSUB', 'XLIST', 'STATUS', 'FETCH', 'UID', 'SEARCH', 'STORE', 'COPY', 'MOVE', 'APPEND', 'CREATE',
              'DELETE', 'RENAME', 'SUBSCRIBE', 'UNSUBSCRIBE', 'IDLE', 'EXPUNGE', 'CLOSE', 'UNSELECT', 'CHECK', 'GETQUOTA', 'GETQUOTAROOT',
              'SETQUOTA', 'NAMESPACE', 'THREAD', 'SORT', 'GETACL', 'SETACL', 'MYRIGHTS', 'GETMETADATA', 'SETMETADATA', 'NOTIFY')

    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.part, self.answer = b'', b''   # a command or response that is not whole yet
        self.greeted = self.midstream

    def client_line(self, line):
        if self.mode == 'sasl':
            self.mode, self.hold = 'line', self.auth
            if self.auth.sasl:
                self.auth.sasl.response(line)
            return
        starting = not self.part
        if not starting:
            self.now.argument += ' ' + text(line)
            if not self.now.doubt:
                self.login(self.now)
        self.part += line
        m = re.search(rb'\{(\d+)(\+?)\}\r?\n$', self.part)
        w = text(self.part).split()
        if starting:
            masked = len(w) > 1 and evidence.is_mask(w[1], 'STARTTLS')
            known = len(w) > 1 and (w[1].upper() in self.NOTHING + self.ACCESS or masked)
            if len(w) < 2:
                self.response_unheard(line)
            else:
                self.unheard = None
            if not known and (self.doubt or len(w) < 2):
                self.part = b''
                return
            verb = w[1] if masked else w[1].upper()
            argument = text(self.part).split(None, 2)[2] if len(w) > 2 else ''
            self.now = self.send(verb, argument, False, w[0])
        if m:
            self.count[CLIENT] = int(m[1])
            if not m[2]:
                self.hold = self.now
                self.pending = self.count[CLIENT]
                self.count[CLIENT] = 0
            return
        self.part = b''
        c = self.now
        if c.verb in ('STARTTLS', 'AUTHENTICATE'):
            self.hold = c

    pending, now, auth = 0, None, None

    def literal(self, side, data):
        """Bytes of a literal. The second argument of LOGIN is a credential as soon as it begins (section 4)."""
        if side == CLIENT and self.now:
            if not self.now.argument.endswith('\0'):
                self.now.argument += '\0'
            if not self.now.doubt:
                self.login(self.now)

    def login(self, c):
        if c.verb != 'LOGIN':
            return
        self.facts.tried = True
        if self.facts.exposure is None:
            self.facts.expose('none')
        a = re.sub(r'\{\d+\+?\}(\0?)', lambda m: '\0' if m[1] else '', c.argument)
        if len(re.findall(r'"(?:[^"\\]|\\.)*"|\0|[^\s"\0]+', a)) >= 2:
            self.facts.expose('secret')

    def means(self, c):
        f = self.facts
        if c.verb in self.ACCESS:
            f.spoken = True
        if c.verb == 'STARTTLS':
            self.ask(c)
        if evidence.is_mask(c.verb, 'STARTTLS'):
            f.add('masked_command', 'likely')
        self.login(c)
        if c.verb == 'AUTHENTICATE' and c.argument:
            mechanism, _, initial = c.argument.partition(' ')
            c.sasl = Sasl(f, mechanism.strip('"'))
            if initial.strip():
                c.sasl.response(initial.encode('latin-1'))

    def release(self):
        c, self.hold = self.hold, None
        ready = b''.join(d for _, d in self.until_hole(CLIENT))
        first = ready[:ready.find(b'\n') + 1] or ready
        if not ready or c.doubt:
            self.part = b''
            return
        if self.part:                       # a literal: it came if what follows does not look like a command
            w = text(first).split()
            if len(w) > 1 and w[1].upper() in self.NOTHING + self.ACCESS:
                self.part = b''
            else:
                self.count[CLIENT] = self.pending
        elif c.verb == 'AUTHENTICATE' and (BASE64.fullmatch(first) or first.strip() == b'*'):
            self.mode, self.auth = 'sasl', c

    def server_line(self, line):
        self.answer += line
        m = re.search(rb'\{(\d+)\}\r?\n$', line)
        if m and self.answer[:2] == b'* ':
            self.count[SERVER] = int(m[1])
            return
        t, self.answer = text(self.answer), b''
        w = t.split()
        if not w:
            return
        if w[0] == '*':
            return self.untagged(t, w)
        if w[0].startswith('+'):
            return self.go_on(t)
        if len(w) > 1 and w[1].upper() in ('OK', 'NO', 'BAD'):
            self.tagged(w[0], w[1].upper(), t)

    def server_hole(self):
        self.answer = b''

    def untagged(self, t, w):
        f = self.facts
        status = w[1].upper() if len(w) > 1 else ''
        if not self.greeted and status in ('OK', 'PREAUTH', 'BYE'):
            if status == 'PREAUTH':
                f.spoken = self.authenticated = True
        self.greeted = True
        self.code(t)
        if status == 'CAPABILITY':
            self.capability(w[2:])
        if self.orphaned() and (re.match(r'\* \d+ (EXISTS|FETCH|RECENT|EXPUNGE)', t.upper()) or status in ('LIST', 'LSUB', 'FLAGS', 'STATUS', 'SEARCH')):
            f.spoken = True
        if status == 'BAD' and evidence.echo_of_mask(t, 'STARTTLS'):
            f.add('masked_command', 'likely')

    def orphaned(self):
        return self.lost[CLIENT] or self.midstream or not self.sides[CLIENT]

    def code(self, t):
        m = re.search(r'\[CAPABILITY ([^\]]*)\]', t, re.I)
        if m:
            self.capability(m[1].split())

    def capability(self, names):
        if not self.authenticated:
            self.mechanisms = [n[5:] for n in names if n.upper().startswith('AUTH=')]
        self.capabilities(names, True, 'STARTTLS')

    def go_on(self, t):
        c = self.hold
        if c is None:
            return
        self.answered(c)
        self.hold = None
        if self.part:
            self.count[CLIENT] = self.pending
            if not self.pending:
                self.literal(CLIENT, b'')
        elif c.verb == 'AUTHENTICATE':
            self.mode, self.auth = 'sasl', c

    def tagged(self, tag, status, t):
        f = self.facts
        c = next((c for c in self.waiting if c.tag == tag), None)
        if c is None:
            self.code(t)
            return self.orphan(status, t)
        self.answered(c)
        if c.verb in ('LOGIN', 'AUTHENTICATE') and status == 'OK':
            if c.sasl and f.exposure == 'none':
                f.expose(MECHANISMS.get(c.sasl.mechanism, (1, 'guessable'))[1])
            elif c.verb == 'LOGIN':
                f.expose('secret')
            self.authenticated = True
        elif c.verb == 'AUTHENTICATE':
            self.login_refused(c)
        self.code(t)
        if status == 'BAD' and evidence.echo_of_mask(t, 'STARTTLS'):
            f.add('masked_command', 'likely')
        if c.verb == 'STARTTLS':
            if status == 'OK':
                self.accept()
            else:
                self.refuse(self.may_ask())
        if self.part and c is self.now:
            self.part = b''                 # the literal was refused
        self.done(c)

    def orphan(self, status, t):
        self.orphans += 1
        if not (self.orphaned() or self.lost_replies) or status != 'OK':
            return
        if re.search(r'logged in|log-?in (ok|completed|success)|authenticat\w* (ok|completed|success)|authenticated', t, re.I):
            self.login_seen()
            self.authenticated = True
        elif re.search(r'begin tls|tls negotiation|starttls', t, re.I) and not self.authenticated:
            self.facts.unsure_request = True
            self.accept()
        elif re.search(r'\b(select|examine|fetch|list|search|store|append|status|idle|close|expunge)\b', t, re.I):
            self.facts.spoken = True


class Pop3(Dialogue):
    """RFC 1939, 2449, 2595, 5034."""
    ACCESS = ('STAT', 'LIST', 'RETR', 'DELE', 'TOP', 'UIDL', 'LAST', 'RSET')
    KNOWN = ACCESS + ('USER', 'PASS', 'APOP', 'AUTH', 'CAPA', 'STLS', 'NOOP', 'QUIT', 'UTF8', 'LANG')

    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.greeted = self.midstream
        self.listing = None                 # the command whose lines are coming
        self.lines, self.gap_in_list = [], False
        self.resync = False

    def client_line(self, line):
        if self.mode == 'sasl':
            self.mode, self.hold = 'line', self.auth
            if self.auth.sasl:
                self.auth.sasl.response(line)
            return
        raw, _, argument = text(line).strip().partition(' ')
        mask = evidence.is_mask(raw, 'STLS')
        verb = raw if mask else raw.upper()
        if verb in self.KNOWN:
            self.unheard = None
        else:
            self.response_unheard(line)
        if self.doubt and verb not in self.KNOWN and not mask:
            return
        self.send(verb, argument, verb == 'STLS' or (verb == 'AUTH' and argument.strip()))

    def means(self, c):
        f = self.facts
        if c.verb in self.ACCESS:
            f.spoken = True
        if c.verb == 'STLS':
            self.ask(c)
        if evidence.is_mask(c.verb, 'STLS'):
            f.add('masked_command', 'likely')
        if c.verb in ('USER', 'PASS', 'APOP'):
            f.tried = True
            f.expose({'USER': f.exposure or 'none', 'PASS': 'secret', 'APOP': 'guessable'}[c.verb])
        if c.verb == 'AUTH' and c.argument.strip():
            mechanism, _, initial = c.argument.strip().partition(' ')
            c.sasl = Sasl(f, mechanism.strip('"'))
            if initial.strip():
                c.sasl.response(initial.encode('latin-1'))

    def release(self):
        c, self.hold = self.hold, None
        ready = b''.join(d for _, d in self.until_hole(CLIENT))
        first = ready[:ready.find(b'\n') + 1] or ready
        verb = text(first).strip().partition(' ')[0].upper()
        if ready and not c.doubt and c.verb == 'AUTH' and verb not in self.KNOWN and (BASE64.fullmatch(first) or first.strip() == b'*'):
            self.mode, self.auth = 'sasl', c

    def server_hole(self):
        self.gap_in_list = True

    def server_caught_up(self):
        self.gap_in_list = False

    def server_line(self, line):
        t = text(line)
        if self.listing:
            if t == '.':
                self.end_of_list()
            elif self.gap_in_list and re.match(r'\+OK|-ERR', t):
                self.end_of_list()          # its end was lost
            else:
                self.lines.append(t)
                return
            if t == '.':
                return
        m = re.match(r'(\+OK|-ERR|\+)(?: (.*)|$)', t)
        if not m:
            if not self.sides[CLIENT] or self.midstream or self.lost[CLIENT]:
                self.lines.append(t)        # perhaps of a list that nobody was seen to ask for
                if t.upper() == 'STLS':
                    self.real_offer = True
                    self.facts.offered = True
            return
        ok = m[1] == '+OK'
        if not self.greeted and m[1] != '+' and not (self.lost[SERVER] and self.waiting):
            self.greeted = True
            return
        self.greeted = True
        c = self.pair(lambda c: m[1] != '+' or c.verb == 'AUTH')
        if c is None:
            return self.orphan(m[1], m[2] or '')
        self.answered(c)
        if m[1] == '-ERR' and evidence.echo_of_mask(t, 'STLS'):
            self.facts.add('masked_command', 'likely')
        if m[1] == '+':
            self.mode, self.auth = 'sasl', c
            return
        self.done(c)
        if c.verb in ('PASS', 'APOP', 'AUTH') and ok and (c.verb != 'AUTH' or c.argument.strip()):
            self.authenticated = True
            if c.sasl:
                self.facts.expose(MECHANISMS.get(c.sasl.mechanism, (1, 'guessable'))[1])
        if c.verb == 'AUTH' and not ok:
            self.login_refused(c)
        if c.verb == 'STLS':
            self.accept() if ok else self.refuse(self.may_ask())
        if ok and (c.verb in ('CAPA', 'RETR', 'TOP') or c.verb in ('LIST', 'UIDL', 'AUTH') and not c.argument.strip()):
            self.listing, self.lines, self.gap_in_list = c, [], False

    def end_of_list(self):
        c, self.listing = self.listing, None
        if c.verb == 'CAPA':
            self.mechanisms = [m for t in self.lines if t.upper().startswith('SASL') for m in t.split()[1:]]
            self.capabilities([(t.split() or [''])[0] for t in self.lines], not self.gap_in_list, 'STLS', pop3=True)

    def orphan(self, status, t):
        self.orphans += 1
        if status != '+OK' or not (self.lost[CLIENT] or self.midstream or not self.sides[CLIENT] or self.lost_replies):
            return
        if re.search(r'logged in|log-?in (ok|success)|authenticat\w* (ok|success)|maildrop (locked|ready|has)|mailbox (open|locked)|welcome', t, re.I):
            self.login_seen()
            self.authenticated = True
        elif re.search(r'begin tls', t, re.I):
            self.facts.unsure_request = True
            self.accept()
        elif re.match(r'\d+ (octets|messages)|\d+ \d+$', t, re.I):
            self.facts.spoken = True


class Sieve(Dialogue):
    """ManageSieve, RFC 5804."""
    ACCESS = ('HAVESPACE', 'PUTSCRIPT', 'LISTSCRIPTS', 'SETACTIVE', 'GETSCRIPT', 'DELETESCRIPT', 'RENAMESCRIPT', 'CHECKSCRIPT')
    KNOWN = ACCESS + ('AUTHENTICATE', 'STARTTLS', 'LOGOUT', 'CAPABILITY', 'NOOP', 'UNAUTHENTICATE')

    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.greeted = self.midstream
        self.names, self.sasl_names, self.gap_in_list = [], [], False
        self.said = b''                     # an answer that is not whole yet
        self.part, self.response, self.now, self.auth = b'', b'', None, None

    def client_line(self, line):
        self.part += line
        m = re.search(rb'\{(\d+)\+?\}\r?\n$', line)
        if m:
            self.count[CLIENT] = int(m[1])
            return
        whole, self.part = self.part, b''
        if self.mode == 'sasl':
            self.mode, self.hold = 'line', self.auth
            if self.auth.sasl:
                self.auth.sasl.response(plain(whole))
            return
        raw, _, argument = text(whole).strip().partition(' ')
        mask = evidence.is_mask(raw, 'STARTTLS')
        verb = raw if mask else raw.upper()
        if verb in self.KNOWN:
            self.unheard = None
        elif not argument and raw.startswith('"'):
            self.response_unheard(plain(whole))
        if self.doubt and verb not in self.KNOWN and not mask:
            return
        self.send(verb, argument, verb in ('STARTTLS', 'AUTHENTICATE'))

    def literal(self, side, data):
        if side == CLIENT:
            self.part += data
        else:
            self.said += data

    def means(self, c):
        f = self.facts
        if c.verb in self.ACCESS:
            f.spoken = True
        if c.verb == 'STARTTLS':
            self.ask(c)
        if evidence.is_mask(c.verb, 'STARTTLS'):
            f.add('masked_command', 'likely')
        if c.verb == 'AUTHENTICATE' and c.argument.strip():
            m = re.match(r'"([^"]*)"\s*(.*)$', quoted(c.argument), re.S)
            if m:
                c.sasl = Sasl(f, m[1])
                if m[2]:
                    c.sasl.response(plain(m[2].encode('latin-1')))

    def release(self):
        c, self.hold = self.hold, None
        ready = b''.join(d for _, d in self.until_hole(CLIENT))
        if not c.doubt and c.verb == 'AUTHENTICATE' and ready[:1] in (b'"', b'{'):
            self.mode, self.auth = 'sasl', c

    def server_hole(self):
        self.gap_in_list, self.said = True, b''

    def server_caught_up(self):
        self.gap_in_list = False

    def server_line(self, line):
        self.said += line
        m = re.search(rb'\{(\d+)\+?\}\r?\n$', line)
        if m:
            self.count[SERVER] = int(m[1])
            return
        t, self.said = quoted(text(self.said)), b''
        status = re.match(r'(OK|NO|BYE)\b', t, re.I)
        if not status:
            if self.hold and self.hold.verb == 'AUTHENTICATE' and t[:1] in ('"', '{'):
                self.answered(self.hold)
                self.mode, self.auth, self.hold = 'sasl', self.waiting[0], None
                return
            names = re.findall(r'"([^"]*)"', t)
            if names:
                self.names.append(names[0])
                if names[0].upper() == 'SASL' and len(names) > 1:
                    self.sasl_names = names[1].split()
            return
        status = status[1].upper()
        names, self.names = self.names, []
        whole, self.gap_in_list = not self.gap_in_list, False
        is_list = 'IMPLEMENTATION' in [n.upper() for n in names]
        if is_list or 'STARTTLS' in [n.upper() for n in names]:
            self.mechanisms = self.sasl_names
            self.capabilities(names, whole and is_list, 'STARTTLS')
        if not self.greeted and not (self.lost[SERVER] and self.waiting):
            self.greeted = True
            return
        self.greeted = True
        c = self.pair()
        if c is None:
            self.orphans += 1
            return
        self.answered(c)
        self.done(c)
        if status == 'NO' and evidence.echo_of_mask(t, 'STARTTLS'):
            self.facts.add('masked_command', 'likely')
        if c.verb == 'STARTTLS':
            self.accept() if status == 'OK' else self.refuse(self.may_ask())
        if c.verb == 'AUTHENTICATE' and status == 'OK':
            self.authenticated = True
            if c.sasl:
                self.facts.expose(MECHANISMS.get(c.sasl.mechanism, (1, 'guessable'))[1])
        elif c.verb == 'AUTHENTICATE':
            self.login_refused(c)


def quoted(t):
    """With its literals as quoted strings."""
    while True:
        m = re.search(r'\{(\d+)\+?\}\r?\n', t)
        if not m:
            return t
        end = m.end() + int(m[1])
        t = t[:m.start()] + '"' + t[m.end():end] + '"' + t[end:]


def plain(b):
    """The content of a quoted string or literal."""
    b = b.strip()
    if b[:1] == b'{':
        return b.partition(b'\n')[2]
    return b.strip(b'"')
