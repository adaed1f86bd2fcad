"""Sendmail on 25 and 587."""
from .. import smtp_clients as c
from ..scenario import scenario
from ..servers.exim import EximSender
from ..servers.postfix import PostfixSender
from ..servers.sendmail import Sendmail
from ..truth import session
from .smtp_postfix import MAIL, tls


@scenario('sendmail-relay-clear', Sendmail(certificate=None))
def relay_clear(r):
    """Mail to a Sendmail without TLS."""
    clear = session('clear', messages=1, offered=False)
    for line in (c.swaks(), c.swaks(host='mx6.example'), c.curl(), c.msmtp(), c.nodemailer(), c.smtplib()):
        r.run(line, clear, timeout=40)
    r.run(MAIL, clear, where=r.sender(PostfixSender, smtp_tls_security_level='may'), wait=20)
    r.run(MAIL, clear, where=r.sender(EximSender), wait=20)
    r.run(c.dialogue('EHLO client.example', 'VRFY plantedto', 'EXPN plantedto', 'QUIT', pause=0.5), session('clear', offered=False))
    r.run(c.dialogue('EHLO client.example', 'STARTTLS', 'QUIT', pause=0.5), session('tls_failed', starttls='454', offered=False))
    r.run(c.dialogue('HELP', 'QUIT', pause=0.5), session('incomplete'))


@scenario('sendmail-relay-tls', Sendmail())
def relay_tls(r):
    """STARTTLS to a Sendmail."""
    for line in (c.swaks(tls='starttls'), c.swaks(tls='starttls', host='mx6.example'), c.curl(tls='starttls'), c.msmtp(tls='starttls'), c.nodemailer(tls='starttls'),
                 c.openssl(), c.gnutls_cli()):
        r.run(line, tls())
    r.run(c.openssl('-tls1_2'), tls('TLSv1.2'))
    r.run(MAIL, tls(), where=r.sender(PostfixSender, smtp_tls_security_level='may'), wait=20)
    r.run(MAIL, tls(), where=r.sender(EximSender), wait=20)
    r.run(c.swaks(), session('clear', messages=1, offered=True))
    r.run(c.openssl('-verify_return_error -CAfile /etc/tls/other-ca.pem'), session('tls_failed', starttls='220', offered=True))


@scenario('sendmail-submission', Sendmail())
def submission(r):
    """Logins at a Sendmail in clear and within TLS."""
    def login(mechanism, **more): return session('clear_auth', **{'messages': 1, 'offered': True, 'auth': mechanism, **more})
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5', 'DIGEST-MD5'):
        r.run(c.swaks(port=587, mechanism=mechanism), login(mechanism))
    r.run(c.swaks(port=587, mechanism='PLAIN', password=c.WRONG), login('PLAIN', messages=0))
    r.run(c.msmtp(port=587, mechanism='SCRAM-SHA-256'), login('SCRAM-SHA-256'))
    r.run(c.gsasl('NTLM', '--no-starttls'), login('NTLM', messages=0))
    r.run(c.curl(port=587, mechanism='LOGIN', host='mx6.example'), login('LOGIN'))
    r.run(c.dialogue('EHLO client.example', 'AUTH LOGIN', '*', 'QUIT', port=587, pause=0.5), session('clear', offered=True, auth='LOGIN', exposure='none'))
    r.run(c.swaks(port=587, mechanism='PLAIN', tls='starttls'), tls(inside='PLAIN'))
    r.run(c.nodemailer(port=587, mechanism='LOGIN', tls='starttls'), tls(inside='LOGIN'))


@scenario('sendmail-early-talker', Sendmail(more="FEATURE(`greet_pause', `2000')dnl\n"))
def early(r):
    """Who speaks before the greeting gets 554."""
    r.run(c.dialogue('EHLO client.example\nMAIL FROM:<%s>' % c.FROM, 'QUIT', pause=0.5), session('clear'))
