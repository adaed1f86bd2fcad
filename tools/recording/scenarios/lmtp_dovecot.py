"""LMTP of Dovecot on 24."""
from .. import smtp_clients as c
from ..scenario import scenario
from ..servers.dovecot_lmtp import DovecotLMTP
from ..servers.postfix import PostfixSender
from ..truth import session
from .smtp_postfix import MAIL


def lmtp(**more): return c.swaks('--protocol LMTP', port=24, **more)


@scenario('dovecot-lmtp', DovecotLMTP())
def with_tls(r):
    """Delivery by LMTP, with and without STARTTLS."""
    clear = session('clear', 'lmtp', messages=1, offered=True)
    tls = session('starttls', 'lmtp', starttls='220', offered=True, tls='TLSv1.3')
    r.run(lmtp(), clear)
    r.run(lmtp(host='mx6.example'), clear)
    r.run(c.smtplib(port=24, kind='LMTP'), clear)
    r.run(lmtp(tls='starttls'), tls, says=['TLSv1.3'])
    r.run(lmtp(tls='starttls', host='mx6.example'), tls, says=['TLSv1.3'])
    r.run(c.smtplib('s.starttls(context=c)', 'print(s.sock.version())', port=24, kind='LMTP'), tls, says=['TLSv1.3'], logs=['saved mail'])
    r.run(c.openssl('-starttls lmtp -tls1_2 -brief', port=24, starttls=False).replace(' -quiet', ''), session('starttls', 'lmtp', starttls='220', offered=True, tls='TLSv1.2'), says=['TLSv1.2'])
    r.run(c.dialogue('LHLO client.example', 'QUIT', port=24), session('incomplete', 'lmtp', offered=True))
    r.run(c.dialogue('LHLO client.example', 'STARTTLS', port=24), session('tls_failed', 'lmtp', starttls='220', offered=True))


@scenario('dovecot-lmtp-clear', DovecotLMTP(ssl='no'))
def without(r):
    """Delivery by LMTP to a Dovecot without TLS."""
    clear = session('clear', 'lmtp', messages=1, offered=False)
    r.run(lmtp(), clear)
    r.run(lmtp(host='mx6.example'), clear)
    r.run(c.nodemailer(port=24, lmtp=True), clear)
    r.run(c.dialogue('LHLO client.example', 'STARTTLS', 'QUIT', port=24), session('tls_failed', 'lmtp', starttls='502', offered=False))
    r.run(c.dialogue('LHLO client.example', 'MAIL FROM:<%s>' % c.FROM, 'RCPT TO:<%s>' % c.TO, 'RCPT TO:<plantedtwo@mx.example>', 'DATA', 'Subject: x\n\nx\n.', 'QUIT', port=24),
          session('clear', 'lmtp', messages=1, offered=False))
