"""LMTP of Cyrus, on 24."""
from .. import retrieval_clients as c
from ..scenario import scenario
from ..servers.cyrus import Cyrus
from ..truth import session
from .sieve_all import make_mailbox

HELLO, FROM, TO, QUIT = 'LHLO client.example', 'MAIL FROM:<plantedfrom@client.example>', 'RCPT TO:<planteduser>', 'QUIT'
MAIL = (HELLO, FROM, TO, 'DATA', 'Subject: x\\r\\n\\r\\nSTARTTLS\\r\\n.', QUIT)
SWAKS = 'swaks --protocol LMTP --port 24 --suppress-data --from plantedfrom@client.example --to planteduser --body x '


def clear(messages=1, offered=True, **more): return session('clear', 'lmtp', messages=messages, offered=offered, **more)
def nothing(**more): return session('incomplete', 'lmtp', **more)


@scenario('cyrus-lmtp', Cyrus('PLAIN CRAM-MD5 DIGEST-MD5', preauthenticated=False))
def cyrus(r):
    """Cyrus' lmtpd, which wants a login."""
    make_mailbox(r)
    r.run(c.cyrus('lmtp', 'PLAIN'), session('clear_auth', 'lmtp', auth='PLAIN'))
    r.run(c.cyrus('lmtp', 'CRAM-MD5', host='mx6.example'), session('clear_auth', 'lmtp', auth='CRAM-MD5'))
    r.run(c.talk('lmtp', HELLO, 'AUTH PLAIN ' + c.plain(), FROM, TO, 'DATA', 'Subject: x\\r\\n\\r\\nx\\r\\n.', QUIT), session('clear_auth', 'lmtp', auth='PLAIN', messages=1))
    r.run(c.talk('lmtp', HELLO, FROM, QUIT), clear(0, offered=None))
    r.run(c.cyrus('lmtp', 'PLAIN', tls='starttls'), session('starttls', 'lmtp', starttls='220', tls='TLSv1.3', inside='PLAIN'))
    r.run(c.talk('lmtp', HELLO, QUIT), nothing())


@scenario('cyrus-lmtp-open', Cyrus(preauthenticated=True))
def cyrus_open(r):
    """Cyrus' lmtpd -a, which offers no STARTTLS."""
    make_mailbox(r)
    r.run(c.talk('lmtp', *MAIL), clear(offered=False))
    r.run(SWAKS + '--server mx6.example', clear(offered=False))
    r.run(SWAKS + '--server mx.example --tls', nothing(offered=False))
