"""Dovecot's IMAP on 143 and 993."""
from .. import retrieval_clients as c
from ..scenario import scenario
from ..servers.dovecot import Dovecot, PreauthenticatedDovecot
from ..truth import session

ALL = 'plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer anonymous gssapi external'
LOGIN, LOGOUT = 'a1 LOGIN planteduser PLANTEDpass', 'a9 LOGOUT'
PY_LOGIN = 'm.login("planteduser","PLANTEDpass")'


def clear(auth=None, verdict=None, command=None, **more):
    """In clear at a server that offers no TLS unless it is said otherwise. Dovecot's log calls the command LOGIN PLAIN."""
    more.setdefault('offered', False)
    if auth == 'LOGIN' and not command:
        command, more['log_auth'] = 'LOGIN', more.get('log_auth', ['PLAIN'])
    return session(verdict or ('clear_auth' if auth else 'clear'), 'imap', auth=auth, command=command, **more)


def nothing(**more): return clear(verdict='incomplete', **more)
def sasl(mechanism, **more): return clear(mechanism, command='AUTHENTICATE', **more)


@scenario('dovecot-imap-clear', Dovecot('plain login', ssl='no'))
def imap_clear(r):
    """Every client in clear, at a server without TLS: the command LOGIN, PLAIN, and literals."""
    read = ('a2 SELECT INBOX', 'a3 FETCH 1 BODY[]', LOGOUT)
    for line in (c.mbsync(), c.mbsync(host='mx6.example'), c.s_nail('imap'), c.imaplib(PY_LOGIN, 'm.select()', 'm.fetch("1","(RFC822)")'),
                 c.imaplib(PY_LOGIN, host='mx6.example'), c.getmail('imap'), c.fetchmail('imap'), c.fetchmail('imap', host='mx6.example'),
                 c.talk('imap', LOGIN, *read), c.talk('imap', LOGIN, *read, host='mx6.example'),
                 c.talk('imap', 'a1 LOGIN {11}', 'planteduser {11}', 'PLANTEDpass', *read),
                 c.talk('imap', 'a1 LOGIN "planteduser" {11+}\\r\\nPLANTEDpass', *read),
                 c.talk('imap', 'a1 LOGIN "planteduser" "PLANTEDpass"', 'a2 LIST "" *', 'a3 STATUS INBOX (MESSAGES)', LOGOUT),
                 c.talk('imap', '&' + LOGIN, '&a2 SELECT INBOX', 'a3 FETCH 1 BODY[]', LOGOUT),
                 c.talk('imap', LOGIN, 'a2 SELECT INBOX', 'a3 IDLE', 'DONE', LOGOUT)):
        r.run(line, clear('LOGIN'))
    for line in (c.mbsync(mechanism='PLAIN'), c.curl('imap', mechanism='PLAIN'), c.curl('imap', '--sasl-ir', mechanism='PLAIN', host='mx6.example'),
                 c.curl('imap', path='INBOX;MAILINDEX=1'), c.cyrus('imap', 'PLAIN'), c.gsasl('PLAIN'),
                 c.talk('imap', 'a1 AUTHENTICATE PLAIN', c.plain(), *read), c.talk('imap', 'a1 AUTHENTICATE PLAIN ' + c.plain(), *read),
                 c.imaplib('m.authenticate("PLAIN",lambda x:b"\\0planteduser\\0PLANTEDpass")')):
        r.run(line, sasl('PLAIN'))
    r.run(c.cyrus('imap', 'LOGIN'), clear('LOGIN'))
    for line in (c.curl('imap', mechanism='LOGIN'), c.gsasl('LOGIN')):
        r.run(line, sasl('LOGIN'))


@scenario('dovecot-imap-mechanisms', Dovecot(ALL, ssl='no'))
def mechanisms(r):
    """Every mechanism that Dovecot has."""
    for mechanism in ('CRAM-MD5', 'DIGEST-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'):
        r.run(c.gsasl(mechanism), sasl(mechanism))
    for mechanism in ('CRAM-MD5', 'DIGEST-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'):
        r.run(c.cyrus('imap', mechanism, host='mx6.example'), sasl(mechanism))
    for line in (c.mbsync(mechanism='CRAM-MD5'), c.fetchmail('imap', 'cram-md5'), c.curl('imap', mechanism='CRAM-MD5'), c.curl('imap'),
                 c.imaplib('m.login_cram_md5("planteduser","PLANTEDpass")')):
        r.run(line, sasl('CRAM-MD5'))
    r.run(c.mbsync(mechanism='DIGEST-MD5'), sasl('DIGEST-MD5'))
    r.run(c.mbsync(mechanism='SCRAM-SHA-256'), sasl('SCRAM-SHA-256'))
    r.run(c.curl('imap', '--oauth2-bearer PLANTEDpass'), sasl('OAUTHBEARER'))
    r.run(c.curl('imap', '--oauth2-bearer PLANTEDpass --sasl-ir', mechanism='OAUTHBEARER'), sasl('OAUTHBEARER'))
    r.run(c.talk('imap', 'a1 AUTHENTICATE XOAUTH2 ' + c.bearer(), LOGOUT), sasl('XOAUTH2'))
    r.run(c.talk('imap', 'a1 AUTHENTICATE XOAUTH2', c.bearer('PLANTEDwrong'), '', LOGOUT), sasl('XOAUTH2'))
    r.run(c.talk('imap', 'a1 AUTHENTICATE OAUTHBEARER', c.oauthbearer(), LOGOUT), sasl('OAUTHBEARER'))
    r.run(c.gsasl('ANONYMOUS', '--anonymous-token=planteduser'), clear('ANONYMOUS', 'clear', log_auth=['ANONYMOUS']))
    r.run(c.talk('imap', 'a1 AUTHENTICATE EXTERNAL =', LOGOUT), clear('EXTERNAL', 'clear', log_auth=['EXTERNAL']))
    r.run(c.talk('imap', 'a1 AUTHENTICATE GSSAPI', LOGOUT), clear('GSSAPI', 'clear'))


@scenario('dovecot-imap-wrong', Dovecot('plain login cram-md5 scram-sha-256', ssl='no'))
def wrong(r):
    """Wrong passwords, and authentications that were given up: what was on the wire counts."""
    wrong = dict(password=c.WRONG)
    for line in (c.mbsync(**wrong), c.talk('imap', 'a1 LOGIN planteduser PLANTEDwrong', LOGOUT), c.imaplib('m.login("planteduser","PLANTEDwrong")'), c.getmail('imap', **wrong)):
        r.run(line, clear('LOGIN'))
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5'):
        r.run(c.curl('imap', mechanism=mechanism, **wrong), sasl(mechanism))
    r.run(c.gsasl('SCRAM-SHA-256', **wrong), sasl('SCRAM-SHA-256'))
    r.run(c.talk('imap', 'a1 LOGIN planteduser PLANTEDwrong', 'a2 LOGIN planteduser PLANTEDpass', 'a3 LIST "" *', LOGOUT), clear('LOGIN'))
    for mechanism in ('PLAIN', 'CRAM-MD5'):
        r.run(c.talk('imap', 'a1 AUTHENTICATE ' + mechanism, '*', LOGOUT), sasl(mechanism, verdict='clear', exposure='none'))
    r.run(c.talk('imap', 'a1 AUTHENTICATE LOGIN', c.b64('planteduser'), '*', LOGOUT), sasl('LOGIN', verdict='clear', exposure='none'))
    r.run(c.talk('imap', 'a1 AUTHENTICATE PLAIN', '@fin'), sasl('PLAIN', verdict='clear', exposure='none'))
    r.run(c.talk('imap', 'a1 AUTHENTICATE DIGEST-MD5', LOGOUT), sasl('DIGEST-MD5', verdict='clear', exposure='none'))
    r.run(c.talk('imap', 'a1 LOGIN planteduser', LOGOUT), clear('LOGIN', 'clear', exposure='none', log_auth=[]))
    r.run(c.talk('imap', 'a1 LOGIN {11}', 'planteduser {11}', '@rst'), clear('LOGIN', 'clear', exposure='none', log_auth=[]))


@scenario('dovecot-imap-tls', Dovecot('plain login cram-md5', disable_plaintext_auth='yes'))
def imap_tls(r):
    """Every client with STARTTLS; and what goes on in clear at a server that wants TLS before a password."""
    for mechanism, lines in (('PLAIN', (c.mbsync(tls='starttls'), c.mbsync(tls='starttls', host='mx6.example'), c.imaplib(PY_LOGIN, 'm.select()', tls='starttls'),
                                        c.fetchmail('imap', tls='starttls'), c.fetchmail('imap', sslproto='auto'), c.s_nail('imap', tls='starttls'), c.curl('imap', tls='starttls', mechanism='PLAIN'),
                                        c.curl('imap', '--ssl', mechanism='PLAIN', host='mx6.example'), c.cyrus('imap', 'PLAIN', tls='starttls'),
                                        c.talk('imap', 'a1 STARTTLS', '@tls', LOGIN, LOGOUT), c.talk('imap', 'a1 CAPABILITY', 'a2 STARTTLS', '@tls=1.2', LOGIN, LOGOUT))),
                             ('CRAM-MD5', (c.mbsync(mechanism='CRAM-MD5', tls='starttls'), c.gsasl('CRAM-MD5', tls='starttls'))),
                             (None, (c.openssl('imap'), c.openssl('imap', host='mx6.example'), c.gnutls_cli('imap'), c.talk('imap', 'a1 STARTTLS', '@tls', LOGOUT)))):
        for line in lines:
            r.run(line, upgraded('TLSv1.2' if 'tls=1.2' in line else 'TLSv1.3', inside=mechanism))
    offered = dict(offered=True)
    r.run(c.gsasl('CRAM-MD5', tls='starttls', authority='other-ca'), clear(verdict='tls_failed', starttls='OK', **offered), says=['NOT trusted'])
    r.run(c.mbsync(), nothing(**offered), says=['no acceptable'])
    r.run(c.fetchmail('imap', sslproto=''), nothing(**offered))
    r.run(c.curl('imap', mechanism='LOGIN'), clear(verdict='incomplete', **offered))
    r.run(c.imaplib(PY_LOGIN), clear('LOGIN', log_auth=[], **offered), says=['PRIVACYREQUIRED'])
    r.run(c.talk('imap', LOGIN, 'a2 STARTTLS', '@tls', 'a3 LIST "" *', LOGIN, LOGOUT), clear('LOGIN', 'starttls', starttls='OK', tls='TLSv1.3', inside='PLAIN', log_auth=['PLAIN'], **offered))
    r.run(c.mbsync(mechanism='CRAM-MD5'), sasl('CRAM-MD5', **offered))
    for line in (c.talk('imap', 'a1 CAPABILITY', LOGOUT), c.talk('imap', LOGOUT), c.talk('imap', 'a1 NOOP', 'a2 ID NIL', LOGOUT), c.talk('imap'), c.talk('imap', '@fin', '@read'), c.talk('imap', '@rst')):
        r.run(line, nothing(**offered))
    r.run(c.talk('imap', '&a1 STARTTLS', LOGIN, '@read'), clear(verdict='tls_failed', starttls='OK', auth_mechanism=None, **offered))
    r.run(c.talk('imap', '&a1 STARTTLS', 'a2 NOOP', '@read'), clear(verdict='tls_failed', starttls='OK', **offered))
    r.run(c.talk('imap', 'a1 STARTTLS', '@fin', '@read'), clear(verdict='tls_failed', starttls='OK', **offered))
    r.run(c.talk('imap', 'a1 STARTTLS', '@rst'), clear(verdict='tls_failed', starttls='OK', **offered))
    r.run(c.talk('imap', 'a1 STARTTLS', 'a2 NOOP', '@read'), clear(verdict='tls_failed', starttls='OK', **offered))
    r.run(c.talk('imap', 'a1 STARTTLS now', LOGOUT), clear(verdict='tls_failed', starttls='OK', **offered))
    r.run(c.talk('imap', 'GET / HTTP/1.1', 'Host: mx.example', '', LOGOUT), session('other', 'unknown'))


def upgraded(version='TLSv1.3', **more): return session('starttls', 'imap', starttls='OK', offered=True, tls=version, **more)


@scenario('dovecot-imap-refused', Dovecot('plain login', ssl='no'))
def refused(r):
    """STARTTLS that was never offered, asked for blindly and refused; it is no evidence."""
    blind = dict(starttls='BAD', offered=False)
    r.run(c.fetchmail('imap', sslproto='auto'), clear(verdict='tls_failed', **blind))
    r.run(c.fetchmail('imap', tls='starttls'), clear(verdict='tls_failed', **blind))
    r.run(c.talk('imap', 'a1 STARTTLS', LOGIN, 'a2 LIST "" *', LOGOUT), clear('LOGIN', **blind))
    r.run(c.talk('imap', 'a1 STARTTLS', LOGOUT), clear(verdict='tls_failed', **blind))
    r.run(c.mbsync(tls='starttls'), nothing())
    r.run(c.curl('imap', tls='starttls'), nothing())
    r.run(c.imaplib(PY_LOGIN, tls='starttls'), nothing())
    r.run(c.openssl('imap'), clear(verdict='tls_failed', **blind))
    r.run(c.gnutls_cli('imap'), clear(verdict='tls_failed', **blind))


@scenario('dovecot-imap-implicit', Dovecot('plain login'))
def implicit(r):
    """TLS from the first byte on 993, and what comes to the wrong port."""
    for mechanism, lines in (('PLAIN', (c.mbsync(tls='implicit'), c.mbsync(tls='implicit', host='mx6.example'), c.imaplib(PY_LOGIN, tls='implicit'), c.fetchmail('imap', tls='implicit'),
                                        c.curl('imap', tls='implicit', mechanism='PLAIN'), c.curl('imap', '--tls-max 1.2', tls='implicit', mechanism='PLAIN'),
                                        c.cyrus('imap', 'PLAIN', tls='implicit'))),
                             (None, (c.openssl('imap', tls='implicit'), c.openssl('imap', '-tls1_2', tls='implicit', host='mx6.example'), c.openssl('imap', '-alpn imap', tls='implicit'),
                                     c.gnutls_cli('imap', tls='implicit'), c.gnutls_cli('imap', '--insecure --alpn=imap --priority NORMAL:-VERS-ALL:+VERS-TLS1.2', tls='implicit')))):
        for line in lines:
            more = dict(tls_alpn='imap') if 'alpn' in line else {}
            r.run(line, session('implicit_tls', 'imap', tls='TLSv1.2' if '1.2' in line or '1_2' in line else 'TLSv1.3', inside=mechanism, **more))
    r.run(c.talk('imap', LOGIN, LOGOUT, port=993, blind=True), clear('LOGIN', offered=None, log_auth=[], incidents=['plaintext_on_tls_port']))
    r.run(c.openssl('imap', '-connect mx.example:143', tls='implicit'), session('tls_failed', 'imap', offered=True))


@scenario('dovecot-imap-referral', Dovecot('plain login'))
def referral(r):
    """A login that is referred to another server, in clear and within TLS."""
    elsewhere = 'a1 LOGIN plantedelse PLANTEDpass'
    r.run(c.talk('imap', elsewhere, LOGOUT), clear('LOGIN', offered=True, log_auth=[], incidents=['referral_before_tls']), says=['REFERRAL'])
    r.run(c.talk('imap', 'a1 STARTTLS', '@tls', elsewhere, LOGOUT), upgraded(incidents=[]), says=['REFERRAL'])


@scenario('dovecot-imap-preauth', PreauthenticatedDovecot())
def preauth(r):
    """A connection that is authenticated before it begins."""
    for host in ('mx.example', 'mx6.example'):
        r.run(c.talk('imap', 'a1 SELECT INBOX', 'a2 FETCH 1 BODY[]', LOGOUT, host=host), session('clear', 'imap', incidents=['preauth']), says=['PREAUTH'])
    r.run(c.talk('imap', LOGOUT), session('clear', 'imap', incidents=['preauth']))
    r.run(c.mbsync(), session('clear', 'imap', incidents=['preauth']))
