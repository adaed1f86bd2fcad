"""OpenSMTPD."""
from .. import smtp_clients as c
from ..scenario import scenario
from ..servers.exim import EximSender
from ..servers.opensmtpd import OpenSMTPD
from ..servers.postfix import PostfixSender
from ..truth import session
from .smtp_postfix import MAIL


@scenario('opensmtpd-relay-clear', OpenSMTPD(tls=False))
def relay_clear(r):
    """Mail to an OpenSMTPD without TLS."""
    clear = session('clear', messages=1, offered=False)
    for line in (c.swaks(), c.swaks(host='mx6.example'), c.curl(), c.msmtp(), c.nodemailer(), c.smtplib()):
        r.run(line, clear)
    r.run(MAIL, clear, where=r.sender(PostfixSender, smtp_tls_security_level='may'))
    r.run(MAIL, clear, where=r.sender(EximSender))
    r.run(c.swaks('--to plantedto@elsewhere.example'), session('clear', offered=False), says=['550'])
    r.run(c.dialogue('EHLO client.example', 'QUIT'), session('incomplete', offered=False))
    r.run(c.dialogue('EHLO client.example', 'STARTTLS', 'QUIT'), session('tls_failed', starttls='503', offered=False))
    r.run(c.dialogue('EHLO client.example', 'AUTH PLAIN ' + c.plain(), 'QUIT', port=587), session('clear_auth', offered=False, auth='PLAIN'))


@scenario('opensmtpd-relay-tls', OpenSMTPD())
def relay_tls(r):
    """STARTTLS is offered and accepted, and the server fails in the handshake; mail in clear beside it."""
    failed = session('tls_failed', starttls='220', offered=True)
    for line in (c.swaks(tls='starttls'), c.swaks(tls='starttls', host='mx6.example'), c.curl(tls='starttls'), c.msmtp(tls='starttls'), c.nodemailer(tls='starttls'),
                 c.openssl(), c.openssl('-tls1_2'), c.gnutls_cli()):
        r.run(line, failed)
    r.run(c.swaks(), session('clear', messages=1, offered=True))
    r.run(c.swaks(port=587), session('clear', offered=True), says=['530'])
    r.run(c.dialogue('EHLO client.example', 'QUIT', port=587), session('incomplete', offered=True))


@scenario('opensmtpd-fallback', OpenSMTPD())
def fallback(r):
    """Exim and Postfix come back in clear after the server's own fault: no evidence but `possible`."""
    failed = session('tls_failed', starttls='220', offered=True)
    r.run(MAIL, failed, session('clear', messages=1, offered=True, strip=None), where=r.sender(EximSender))
