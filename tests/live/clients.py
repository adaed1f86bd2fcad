"""The worlds of make check-live: a server, and the clients that come to it through the box.

A client is (name, kind, command line, sender): kind is `opportunistic` (goes on in clear without TLS), `strict` (does
not), or `fallback` (somebody, or a program, who tries it with TLS and then without); sender is None, or the mail server
in the client's space that the line is run in. Timeouts are short, for an attack that is silence."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tools'))
from recording import retrieval_clients as r, smtp_clients as s
from recording.servers.courier import Courier
from recording.servers.cyrus import Cyrus
from recording.servers.dovecot import Dovecot
from recording.servers.exim import Exim, EximSender
from recording.servers.postfix import Postfix, PostfixSender
from recording.servers.sendmail import Sendmail

MAIL = "printf 'Subject: x\\n\\nx\\n' | sendmail -f %s %s" % (s.FROM, s.TO)
PATIENCE = dict(smtp_starttls_timeout='2s', smtp_tls_handshake_timeout='2s', queue_run_delay='1s')
EXIM = '  command_timeout = 2s\n'


class Sender:
    """A mail server in the client's space, by name; a queue of its own for each."""
    def __init__(self, program, done, forget, **settings):
        self.program, self.done, self.forget, self.settings = program, done, forget, settings


def postfix(level, **more):
    done = 'status=sent' if level == 'may' else 'status='
    return Sender(PostfixSender, done, 'postsuper -d ALL', smtp_tls_security_level=level, **PATIENCE, **more)


SENDERS = {
    'postfix-may': postfix('may'), 'postfix-encrypt': postfix('encrypt'),
    'postfix-587': postfix('may', relayhost='[mx.example]:587', smtp_sasl_auth_enable='yes', smtp_sasl_security_options='',
                           smtp_sasl_password_maps='static:%s:%s' % (s.USER, s.PASSWORD)),
    'exim': Sender(EximSender, ' Completed| == | \\*\\* ', 'rm -rf /var/spool/exim4/input/* /var/spool/exim4/db/*', transport=EXIM),
}


def then(first, second): return '%s || { %s; }' % (first, second)
def sent(name, kind): return name, kind, MAIL, name


RELAY = [
    sent('postfix-may', 'opportunistic'), sent('exim', 'opportunistic'), sent('postfix-encrypt', 'strict'),
    ('swaks', 'opportunistic', s.swaks('--tls-optional --timeout 3'), None), ('curl-ssl', 'opportunistic', s.curl('--ssl -m 3'), None),
    ('msmtp', 'strict', s.msmtp(tls='starttls', more='--timeout=3'), None),
    ('openssl', 'strict', s.openssl(), None),
]
SUBMISSION = [
    ('swaks', 'opportunistic', s.swaks('--tls-optional --timeout 3', port=587, mechanism='PLAIN'), None),
    ('curl-ssl', 'opportunistic', s.curl('--ssl -m 3', port=587, mechanism='PLAIN'), None), sent('postfix-587', 'opportunistic'),
    ('msmtp', 'strict', s.msmtp(tls='starttls', port=587, mechanism='PLAIN', more='--timeout=3'), None),
    ('curl-reqd', 'strict', s.curl('-m 3', port=587, mechanism='PLAIN', tls='starttls'), None),
    ('reqd-then-clear', 'fallback', then(s.curl('-m 3', port=587, mechanism='PLAIN', tls='starttls'), s.curl('-m 3', port=587, mechanism='PLAIN')), None),
    ('465-then-clear', 'fallback', then(s.curl('-m 3', port=465, mechanism='PLAIN', tls='implicit'), s.curl('-m 3', port=587, mechanism='PLAIN')), None),
]


def retrieval(proto, port, *more, mechanism='PLAIN'):
    def curl(options, **how): return r.curl(proto, '-m 3 ' + options, mechanism=mechanism, **how)
    return [('curl-ssl', 'opportunistic', curl('--ssl'), None), ('curl-reqd', 'strict', curl('', tls='starttls'), None),
            ('reqd-then-clear', 'fallback', then(curl('', tls='starttls'), curl('')), None),
            ('%d-then-clear' % port, 'fallback', then(curl('', tls='implicit'), curl('')), None), *more]


IMAP = retrieval('imap', 993, ('fetchmail', 'strict', r.fetchmail('imap', sslproto='auto') + ' -t 3', None),
                 ('mbsync', 'strict', r.mbsync('Timeout 3', mechanism='PLAIN', tls='starttls'), None))
POP3 = retrieval('pop3', 995, ('fetchmail', 'strict', r.fetchmail('pop3', sslproto='auto') + ' -t 3', None),
                 ('mpop', 'strict', r.mpop('--timeout=3', tls='starttls'), None))


def some(clients, *names): return [c for c in clients if c[0] in names]


class World:
    def __init__(self, proto, port, server, clients): self.proto, self.port, self.server, self.clients = proto, port, server, clients


WORLDS = {
    'relay': World('smtp', 25, Postfix(), RELAY),
    'exim': World('smtp', 25, Exim(), some(RELAY, 'postfix-may', 'exim', 'curl-ssl', 'msmtp')),
    'sendmail': World('smtp', 25, Sendmail(), some(RELAY, 'postfix-may', 'exim', 'msmtp')),
    'submission': World('smtp', 587, Postfix(), SUBMISSION),
    'imap': World('imap', 143, Dovecot('plain login'), IMAP),
    'pop3': World('pop3', 110, Dovecot('plain login'), POP3),
    'cyrus': World('imap', 143, Cyrus(), some(IMAP, 'curl-ssl', 'curl-reqd', 'reqd-then-clear')),
    'courier': World('pop3', 110, Courier(), some(retrieval('pop3', 995, mechanism=None), 'curl-ssl', 'curl-reqd', 'reqd-then-clear')),
}
