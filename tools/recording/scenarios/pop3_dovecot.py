"""Dovecot's POP3 on 110 and 995."""
from .. import retrieval_clients as c
from ..scenario import scenario
from ..servers.dovecot import Dovecot
from ..truth import session

USER, PASS, QUIT = 'USER planteduser', 'PASS PLANTEDpass', 'QUIT'
PY_USER, PY_PASS = 'm.user("planteduser")', 'm.pass_("PLANTEDpass")'


def clear(auth=None, verdict=None, messages=0, **more):
    """Dovecot's log calls USER and PASS PLAIN."""
    if auth == 'USER':
        more.setdefault('log_auth', ['PLAIN'])
    return session(verdict or ('clear_auth' if auth else 'clear'), 'pop3', auth=auth, messages=messages, **more)


def nothing(**more): return clear(verdict='incomplete', **more)
def upgraded(version='TLSv1.3', **more): return session('starttls', 'pop3', starttls='OK', tls=version, **more)


@scenario('dovecot-pop3-clear', Dovecot('plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 apop', ssl='no'))
def pop3_clear(r):
    """Every client and mechanism in clear."""
    for line in (c.mpop(), c.mpop(host='mx6.example'), c.getmail('pop3'), c.fetchmail('pop3'), c.poplib(PY_USER, PY_PASS, 'm.list()', 'm.retr(1)'),
                 c.talk('pop3', USER, PASS, 'STAT', 'LIST', 'UIDL', 'RETR 1', QUIT), c.talk('pop3', 'CAPA', '&' + USER, PASS, '&STAT', 'RETR 1', QUIT, host='mx6.example')):
        r.run(line, clear('USER', messages=1))
    r.run(c.poplib(PY_USER, PY_PASS, 'm.top(1,0)', host='mx6.example'), clear('USER'))
    for mechanism in ('plain', 'login', 'cram-md5', 'digest-md5', 'scram-sha-1', 'scram-sha-256'):
        r.run(c.mpop(auth=mechanism), clear(mechanism.upper(), messages=1))
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5', '+APOP'):
        r.run(c.curl('pop3', mechanism=mechanism, path='1', host='mx6.example'), clear(mechanism.strip('+'), messages=1))
    r.run(c.curl('pop3', mechanism='DIGEST-MD5'), clear('DIGEST-MD5', 'clear', exposure='none'), says=['cancelled'])
    for mechanism in ('PLAIN', 'CRAM-MD5', 'SCRAM-SHA-256'):
        r.run(c.cyrus('pop3', mechanism), clear(mechanism))
    r.run(c.curl('pop3', '--sasl-ir', mechanism='PLAIN'), clear('PLAIN'))
    r.run(c.fetchmail('pop3', 'cram-md5'), clear('CRAM-MD5', messages=1))
    r.run(c.poplib('m.apop("planteduser","PLANTEDpass")', 'm.stat()'), clear('APOP'))
    r.run(c.s_nail('pop3'), clear('APOP', messages=1))         # it looks for the time stamp by itself
    r.run(c.talk('pop3', 'AUTH PLAIN ' + c.plain(), 'LIST', QUIT), clear('PLAIN'))
    r.run(c.talk('pop3', 'AUTH PLAIN', c.plain(), 'RETR 1', 'RETR 1', 'DELE 1', 'RSET', QUIT), clear('PLAIN', messages=2))


@scenario('dovecot-pop3-wrong', Dovecot('plain login cram-md5 apop', ssl='no'))
def wrong(r):
    """Wrong passwords, half logins, probes."""
    w = dict(password=c.WRONG)
    for line in (c.mpop(**w), c.getmail('pop3', **w), c.fetchmail('pop3', **w), c.talk('pop3', USER, 'PASS PLANTEDwrong', QUIT)):
        r.run(line, clear('USER'))
    r.run(c.talk('pop3', USER, 'PASS PLANTEDwrong', USER, PASS, 'STAT', QUIT), clear('USER'))
    r.run(c.curl('pop3', mechanism='+APOP', **w), clear('APOP'))
    r.run(c.mpop(auth='cram-md5', **w), clear('CRAM-MD5'))
    r.run(c.curl('pop3', mechanism='PLAIN', **w), clear('PLAIN'))
    r.run(c.talk('pop3', USER, QUIT), clear('USER', 'clear', exposure='none', log_auth=[]))
    for mechanism in ('PLAIN', 'CRAM-MD5'):
        r.run(c.talk('pop3', 'AUTH ' + mechanism, '*', QUIT), clear(mechanism, 'clear', exposure='none'))
    r.run(c.talk('pop3', 'AUTH DIGEST-MD5', QUIT), clear('DIGEST-MD5', 'clear', exposure='none'))
    for line in (c.talk('pop3', QUIT), c.talk('pop3', 'CAPA', QUIT), c.talk('pop3', 'NOOP', QUIT), c.talk('pop3', 'AUTH', QUIT), c.talk('pop3'), c.talk('pop3', '@rst')):
        r.run(line, nothing())
    r.run(c.mpop('--serverinfo'), clear('USER'))
    blind = dict(starttls='-ERR')
    r.run(c.talk('pop3', 'STLS', QUIT), clear(verdict='tls_failed', **blind))
    r.run(c.talk('pop3', 'CAPA', 'STLS', USER, PASS, 'STAT', QUIT), clear('USER', offered=False, **blind))
    r.run(c.mpop('--tls-starttls=on --tls=on --tls-certcheck=off'), clear(verdict='incomplete', offered=False))
    r.run(c.fetchmail('pop3', tls='starttls'), clear(verdict='tls_failed', **blind))
    r.run(c.poplib(PY_USER, PY_PASS, tls='starttls'), nothing(offered=False))
    r.run(c.curl('pop3', tls='starttls'), nothing(offered=False))
    r.run(c.openssl('pop3'), clear(verdict='tls_failed', **blind))


@scenario('dovecot-pop3-tls', Dovecot('plain login cram-md5', disable_plaintext_auth='yes'))
def pop3_tls(r):
    """Every client with STLS, and on 995; a server that wants TLS before a password."""
    for line in (c.mpop(tls='starttls'), c.mpop(tls='starttls', host='mx6.example'), c.fetchmail('pop3', tls='starttls'), c.fetchmail('pop3', sslproto='auto'),
                 c.poplib(PY_USER, PY_PASS, 'm.stat()', tls='starttls'), c.curl('pop3', tls='starttls', mechanism='PLAIN'), c.curl('pop3', '--ssl --tls-max 1.2', mechanism='PLAIN', host='mx6.example'),
                 c.cyrus('pop3', 'PLAIN', tls='starttls'), c.talk('pop3', 'STLS', '@tls', USER, PASS, 'RETR 1', QUIT), c.talk('pop3', 'CAPA', 'STLS', '@tls=1.2', 'CAPA', USER, PASS, QUIT)):
        r.run(line, upgraded('TLSv1.2' if '1.2' in line and 'TLS1.2+' not in line else 'TLSv1.3', inside='PLAIN'))
    for line in (c.openssl('pop3'), c.openssl('pop3', '-tls1_2', host='mx6.example'), c.gnutls_cli('pop3')):
        r.run(line, upgraded('TLSv1.2' if '1_2' in line else 'TLSv1.3'))
    for line in (c.mpop(tls='implicit'), c.mpop(tls='implicit', host='mx6.example'), c.fetchmail('pop3', tls='implicit'), c.s_nail('pop3', tls='implicit'), c.getmail('pop3', tls='implicit'),
                 c.poplib(PY_USER, PY_PASS, tls='implicit'), c.curl('pop3', tls='implicit', mechanism='LOGIN'), c.cyrus('pop3', 'PLAIN', tls='implicit')):
        r.run(line, session('implicit_tls', 'pop3', tls='TLSv1.3', inside='LOGIN' if 'AUTH=LOGIN' in line else 'PLAIN'))
    for line in (c.openssl('pop3', '-alpn pop3', tls='implicit'), c.gnutls_cli('pop3', tls='implicit')):
        r.run(line, session('implicit_tls', 'pop3', tls='TLSv1.3', **({'tls_alpn': 'pop3'} if 'alpn' in line else {})))
    r.run(c.talk('pop3', USER, QUIT), clear('USER', 'clear', exposure='none', log_auth=[]), says=['disallowed'])
    r.run(c.talk('pop3', 'CAPA', USER, PASS, QUIT), clear('USER', offered=True, log_auth=[]), says=['disallowed'])
    r.run(c.mpop(), clear('USER', offered=True, log_auth=[]), says=['disallowed'])      # it sends USER and PASS in one segment
    r.run(c.mpop(auth='cram-md5'), clear('CRAM-MD5', messages=1, offered=True))
    r.run(c.talk('pop3', '&STLS', QUIT, '@read'), clear(verdict='tls_failed', starttls='OK', incidents=['command_injection']))
    r.run(c.talk('pop3', 'STLS', '@fin', '@read'), clear(verdict='tls_failed', starttls='OK'))
    r.run(c.talk('pop3', 'STLS', 'NOOP', '@read'), clear(verdict='tls_failed', starttls='OK'))
    r.run(c.talk('pop3', 'CAPA', 'STLS', '@rst'), clear(verdict='tls_failed', starttls='OK', offered=True))
    r.run(c.talk('pop3', USER, PASS, port=995, blind=True), clear('USER', log_auth=[], incidents=['plaintext_on_tls_port']))
