"""Postfix for submission, on 587 and 465."""
from .. import smtp_clients as c
from ..scenario import scenario
from ..servers.exim import EximSender
from ..servers.postfix import Postfix, PostfixSender
from ..truth import session
from .smtp_postfix import MAIL

LOGIN_EXIM = 'begin authenticators\n%s:\n  driver = %s\n  public_name = %s\n  %s\n'


def login(mechanism, **more): return session('clear_auth', **{'messages': 1, 'offered': True, 'auth': mechanism, **more})


@scenario('postfix-submission-clear', Postfix())
def clear(r):
    """Logins without TLS, though it is offered."""
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5', 'DIGEST-MD5', 'NTLM'):
        r.run(c.swaks(port=587, mechanism=mechanism), login(mechanism))
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5', 'DIGEST-MD5', 'NTLM'):
        r.run(c.curl(port=587, mechanism=mechanism), login(mechanism))
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'):
        r.run(c.msmtp(port=587, mechanism=mechanism, host='mx6.example'), login(mechanism))
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5'):
        r.run(c.nodemailer(port=587, mechanism=mechanism), login(mechanism))
    r.run(c.smtplib(c.login(), port=587), login('CRAM-MD5'))


@scenario('postfix-submission-gsasl', Postfix())
def gsasl(r):
    """gsasl logs in by every mechanism that it shares with Postfix, right and wrong."""
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5', 'DIGEST-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'NTLM'):
        r.run(c.gsasl(mechanism, '--no-starttls'), login(mechanism, messages=0, log_auth=[]), logs=[' auth=1 '])
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5', 'DIGEST-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'):
        r.run(c.gsasl(mechanism, '--no-starttls', password=c.WRONG, host='mx6.example'), login(mechanism, messages=0), logs=['authentication failed'])
    r.run(c.gsasl('ANONYMOUS', '--no-starttls'), session('clear', auth='ANONYMOUS', offered=True, log_auth=[]))


@scenario('postfix-submission-wrong', Postfix())
def wrong(r):
    """Wrong passwords, logins given up, mechanisms that are not there."""
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5', 'DIGEST-MD5'):
        r.run(c.swaks(port=587, mechanism=mechanism, password=c.WRONG), login(mechanism, messages=0), logs=['authentication failed'])
    r.run(c.curl(port=587, mechanism='PLAIN', password=c.WRONG), login('PLAIN', messages=0), logs=['authentication failed'])
    r.run(c.msmtp(port=587, mechanism='LOGIN', password=c.WRONG), login('LOGIN', messages=0), logs=['authentication failed'])
    r.run(c.msmtp(port=587, mechanism='SCRAM-SHA-256', password=c.WRONG), login('SCRAM-SHA-256', messages=0), logs=['authentication failed'])
    r.run(c.nodemailer(port=587, mechanism='PLAIN', password=c.WRONG), login('PLAIN', messages=0), logs=['authentication failed'])
    r.run(c.smtplib(c.login(c.WRONG), port=587), session('clear_auth', offered=True, auth='LOGIN', log_auth=['CRAM-MD5', 'PLAIN', 'LOGIN']))
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5'):
        r.run(c.dialogue('EHLO client.example', 'AUTH ' + mechanism, '*', 'QUIT', port=587),
              session('clear', auth=mechanism, exposure='none', offered=True, log_auth=[mechanism]), logs=['authentication aborted'])
    r.run(c.dialogue('EHLO client.example', 'AUTH LOGIN', c.b64(c.USER), '*', 'QUIT', port=587),
          session('clear', auth='LOGIN', exposure='none', offered=True, log_auth=['LOGIN']))
    r.run(c.dialogue('EHLO client.example', 'AUTH LOGIN ' + c.b64(c.USER), c.b64(c.PASSWORD), 'QUIT', port=587), login('LOGIN', messages=0, log_auth=[]), logs=[' auth=1 '])
    r.run(c.dialogue('EHLO client.example', 'AUTH PLAIN', c.plain(), 'QUIT', port=587), login('PLAIN', messages=0, log_auth=[]), logs=[' auth=1 '])
    r.run(c.dialogue('EHLO client.example', 'AUTH PLAIN =', 'QUIT', port=587), session('clear', auth='PLAIN', exposure='none', offered=True, log_auth=['PLAIN']))
    r.run(c.dialogue('EHLO client.example', 'AUTH XOAUTH2 ' + c.bearer(), 'QUIT', port=587), login('XOAUTH2', messages=0))
    r.run(c.dialogue('EHLO client.example', 'AUTH OAUTHBEARER', 'QUIT', port=587), session('clear', auth='OAUTHBEARER', exposure='none', offered=True, log_auth=['OAUTHBEARER']))
    r.run(c.dialogue('EHLO client.example', 'AUTH EXTERNAL =', 'QUIT', port=587), session('clear', auth='EXTERNAL', offered=True, log_auth=['EXTERNAL']))
    r.run(c.dialogue('EHLO client.example', 'AUTH GSSAPI', 'QUIT', port=587), session('clear', auth='GSSAPI', offered=True, log_auth=['GSSAPI']))
    r.run(c.dialogue('EHLO client.example', 'AUTH', 'QUIT', port=587), session('incomplete', offered=True))
    r.run(c.dialogue('EHLO client.example\nAUTH PLAIN %s\nQUIT' % c.plain(), port=587), login('PLAIN', messages=0, log_auth=[]), logs=[' auth=1 '])


@scenario('postfix-submission-tls', Postfix())
def tls(r):
    """Logins within STARTTLS, and a password sent before it."""
    def inside(mechanism): return session('starttls', starttls='220', offered=True, tls='TLSv1.3', inside=mechanism)
    for line, mechanism in ((c.swaks(port=587, tls='starttls', mechanism='PLAIN'), 'PLAIN'), (c.curl(port=587, tls='starttls', mechanism='LOGIN'), 'LOGIN'),
                            (c.msmtp(port=587, tls='starttls', mechanism='SCRAM-SHA-256'), 'SCRAM-SHA-256'), (c.nodemailer(port=587, tls='starttls', mechanism='PLAIN'), 'PLAIN'),
                            (c.smtplib('s.starttls(context=c)', c.login(), port=587), 'CRAM-MD5'), (c.swaks(port=587, tls='starttls', mechanism='DIGEST-MD5', host='mx6.example'), 'DIGEST-MD5'),
                            (c.swaks(port=587, tls='starttls', mechanism='PLAIN', password=c.WRONG), 'PLAIN')):
        r.run(line, inside(mechanism))
    # gsasl asks for TLS before it has said EHLO
    r.run(c.gsasl('CRAM-MD5', '--starttls --x509-ca-file=/etc/tls/ca.pem'), session('starttls', starttls='220', tls='TLSv1.3'), logs=[' auth=1 '])
    r.run(c.openssl(port=587), inside(None))
    r.run(c.swaks(port=587), session('clear', messages=1, offered=True))
    r.run(c.smtplib(c.login(), 's.ehlo()', 's.docmd("QUIT")', 's.close()', 's.connect("mx.example",587)', 's.starttls(context=c)', c.login(), port=587),
          login('CRAM-MD5', messages=0, log_auth=[]), session('starttls', starttls='220', tls='TLSv1.3', inside='CRAM-MD5'), logs=[' auth=1 '])


@scenario('postfix-submission-tls-only', Postfix(smtpd_tls_auth_only='yes'))
def tls_only(r):
    """No mechanism is announced before TLS; some clients log in all the same, and are refused."""
    r.run(c.swaks(port=587, tls='starttls', mechanism='PLAIN'), session('starttls', starttls='220', offered=True, tls='TLSv1.3', inside='PLAIN'))
    r.run(c.nodemailer(port=587, ignoreTLS=False, mechanism='PLAIN'), session('starttls', starttls='220', offered=True, tls='TLSv1.3', inside='PLAIN'))
    r.run(c.swaks(port=587, mechanism='PLAIN'), session('incomplete', offered=True))
    r.run(c.nodemailer(port=587, mechanism='PLAIN'), session('clear', messages=1, offered=True))
    r.run(c.dialogue('EHLO client.example', 'AUTH PLAIN ' + c.plain(), 'QUIT', port=587), session('clear_auth', offered=True, auth='PLAIN', log_auth=[]))
    r.run(c.dialogue('EHLO client.example', 'AUTH LOGIN', 'QUIT', port=587), session('clear', offered=True, auth='LOGIN', exposure='none'))


@scenario('postfix-submission-senders', Postfix())
def senders(r):
    """Postfix and Exim log in as clients of a smart host, in clear and within TLS."""
    postfix = r.sender(PostfixSender, smtp_tls_security_level='none', relayhost='[mx.example]:587', smtp_sasl_auth_enable='yes', smtp_sasl_security_options='',
                       smtp_sasl_password_maps='inline:{[mx.example]:587=%s:%s}' % (c.USER, c.PASSWORD), smtp_sasl_mechanism_filter='plain')
    r.run(MAIL, login('PLAIN'), where=postfix)
    for mechanism in ('login', 'cram-md5', 'digest-md5', 'scram-sha-256'):
        r.run('postconf -e smtp_sasl_mechanism_filter=%s && postfix reload && sleep 0.5; %s' % (mechanism, MAIL), login(mechanism.upper()), where=postfix)
    r.run('postconf -e smtp_tls_security_level=encrypt && postfix reload && sleep 0.5; ' + MAIL,
          session('starttls', starttls='220', offered=True, tls='TLSv1.3', inside='SCRAM-SHA-256'), where=postfix)
    for name, driver, mechanism, secret in (('plain', 'plaintext', 'PLAIN', 'client_send = ^%s^%s' % (c.USER, c.PASSWORD)),
                                            ('cram', 'cram_md5', 'CRAM-MD5', 'client_name = %s\n  client_secret = %s' % (c.USER, c.PASSWORD))):
        for avoid, seen in (('*', login(mechanism)), ('', session('starttls', starttls='220', offered=True, tls='TLSv1.3', inside=mechanism))):
            exim = r.sender(EximSender, transport='  port = 587\n  hosts_try_auth = *\n  hosts_avoid_tls = ' + avoid, authenticators=LOGIN_EXIM % (name, driver, mechanism, secret))
            r.run(MAIL, seen, where=exim)
            exim.stop()


@scenario('postfix-smtps', Postfix())
def smtps(r):
    """TLS from the first byte on 465, and clients that speak in clear there."""
    def inside(mechanism=None, version='TLSv1.3'): return session('implicit_tls', tls=version, inside=mechanism)
    for line, seen in ((c.swaks(port=465, tls='implicit', mechanism='PLAIN'), inside('PLAIN')), (c.swaks(port=465, tls='implicit', mechanism='LOGIN', host='mx6.example'), inside('LOGIN')),
                       (c.curl(port=465, tls='implicit', mechanism='PLAIN'), inside('PLAIN')), (c.msmtp(port=465, tls='implicit', mechanism='PLAIN'), inside('PLAIN')),
                       (c.nodemailer(port=465, tls='implicit', mechanism='LOGIN'), inside('LOGIN')), (c.smtplib(c.login(), kind='SMTP_SSL', port=465), inside('CRAM-MD5')),
                       (c.openssl('-tls1_2', port=465, starttls=False), inside(None, 'TLSv1.2')), (c.openssl(port=465, starttls=False), inside()),
                       (c.gnutls_cli(port=465, starttls=False), inside()), (c.gnutls_cli('--insecure --priority NORMAL:-VERS-ALL:+VERS-TLS1.2', port=465, starttls=False), inside(None, 'TLSv1.2'))):
        r.run(line, seen)
    r.run(MAIL, inside('PLAIN'), where=r.sender(
        PostfixSender, smtp_tls_security_level='encrypt', smtp_tls_wrappermode='yes', relayhost='[mx.example]:465', smtp_sasl_auth_enable='yes', smtp_sasl_security_options='',
        smtp_sasl_password_maps='inline:{[mx.example]:465=%s:%s}' % (c.USER, c.PASSWORD), smtp_sasl_mechanism_filter='plain'))
    r.run(c.dialogue('EHLO client.example', port=465, pause=0.5), session('incomplete'))
    r.run(c.openssl('-verify_return_error -CAfile /etc/tls/other-ca.pem', port=465, starttls=False), session('tls_failed'))
    r.run(c.curl('--no-insecure --cacert /etc/tls/other-ca.pem', port=465, tls='implicit'), session('tls_failed'))
