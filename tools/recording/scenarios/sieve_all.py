"""ManageSieve of Dovecot's Pigeonhole and of Cyrus, on 4190."""
from .. import retrieval_clients as c
from ..scenario import scenario
from ..servers.cyrus import Cyrus
from ..servers.dovecot import Dovecot
from ..truth import session

PLAIN, LOGOUT = 'AUTHENTICATE "PLAIN" "%s"' % c.plain(), 'LOGOUT'


def clear(auth='PLAIN', **more): return session('clear_auth', 'sieve', auth=auth, **{'offered': True, **more})
def nothing(**more): return session('incomplete', 'sieve', **{'offered': True, **more})
def upgraded(version='TLSv1.3', inside=None, **more): return session('starttls', 'sieve', starttls='OK', offered=True, tls=version, inside=inside, **more)


def make_mailbox(r):
    """Cyrus makes it at the first login."""
    r.run(c.talk('imap', 'a1 LOGIN planteduser PLANTEDpass', 'a2 LOGOUT'), session('clear_auth', 'imap', auth='LOGIN', command='LOGIN', log_auth=['plaintext']))


def both(r, mechanisms, refused=()):
    """What Pigeonhole and Cyrus do alike."""
    r.run(c.talk('sieve', PLAIN, 'LISTSCRIPTS', 'PUTSCRIPT "planted" {6+}\\r\\nkeep;\\n', 'GETSCRIPT "planted"', 'SETACTIVE "planted"', LOGOUT), clear())
    r.run(c.talk('sieve', 'AUTHENTICATE "PLAIN" {%d+}\\r\\n%s' % (len(c.plain()), c.plain()), 'HAVESPACE "planted" 6', LOGOUT, host='mx6.example'), clear())
    r.run(c.talk('sieve', 'AUTHENTICATE "PLAIN"', '"%s"' % c.plain(), 'CHECKSCRIPT {6+}\\r\\nkeep;\\n', LOGOUT), clear())
    for mechanism in mechanisms:
        r.run(c.cyrus('sieve', mechanism), clear(mechanism))
    r.run(c.talk('sieve', 'AUTHENTICATE "PLAIN" "%s"' % c.plain(c.WRONG), LOGOUT), clear())
    r.run(c.talk('sieve', 'AUTHENTICATE "CRAM-MD5"', '"*"', LOGOUT), session('clear', 'sieve', auth='CRAM-MD5', exposure='none', offered=True, log_auth=list(refused)))
    r.run(c.talk('sieve', 'STARTTLS', '@tls', PLAIN, 'LISTSCRIPTS', LOGOUT), upgraded(inside='PLAIN'))
    r.run(c.talk('sieve', 'STARTTLS', '@tls=1.2', PLAIN, LOGOUT, host='mx6.example'), upgraded('TLSv1.2', inside='PLAIN'))
    r.run(c.cyrus('sieve', 'PLAIN', tls='starttls'), upgraded(inside='PLAIN'))
    r.run(c.openssl('sieve'), upgraded())
    for line in (c.talk('sieve', LOGOUT), c.talk('sieve', 'CAPABILITY', 'NOOP', LOGOUT), c.talk('sieve'), c.talk('sieve', '@rst')):
        r.run(line, nothing())
    r.run(c.talk('sieve', 'STARTTLS', '@fin', '@read'), session('tls_failed', 'sieve', starttls='OK', offered=True))
    r.run(c.talk('sieve', 'STARTTLS', '@rst'), session('tls_failed', 'sieve', starttls='OK', offered=True))


@scenario('dovecot-sieve', Dovecot('plain login cram-md5 digest-md5 scram-sha-256'))
def pigeonhole(r):
    """Pigeonhole, in clear and with STARTTLS."""
    both(r, ['PLAIN'])
    r.run(c.sieve_connect('--notlsverify --list'), upgraded(inside='DIGEST-MD5'))
    r.run(c.sieve_connect('--list'), session('tls_failed', 'sieve', starttls='OK', offered=True), says=['verify failed'])
    r.run(c.gnutls_cli('sieve'), upgraded())
    r.run(c.talk('sieve', '&STARTTLS', LOGOUT, '@read'), session('tls_failed', 'sieve', starttls='OK', offered=True, incidents=['command_injection']))


@scenario('dovecot-sieve-none', Dovecot('plain login', ssl='no'))
def no_tls(r):
    """Pigeonhole without TLS."""
    r.run(c.talk('sieve', PLAIN, 'LISTSCRIPTS', LOGOUT), clear(offered=False))
    r.run(c.talk('sieve', 'STARTTLS', PLAIN, 'LISTSCRIPTS', LOGOUT), clear(offered=False, starttls='NO'))
    r.run(c.talk('sieve', 'STARTTLS', LOGOUT), session('tls_failed', 'sieve', offered=False, starttls='NO'))
    r.run(c.openssl('sieve'), session('tls_failed', 'sieve', offered=False, starttls='NO'))
    r.run(c.cyrus('sieve', 'PLAIN'), clear(offered=False))


@scenario('cyrus-sieve', Cyrus('PLAIN CRAM-MD5 DIGEST-MD5'))
def timsieved(r):
    """Cyrus' timsieved, in clear and with STARTTLS."""
    make_mailbox(r)
    both(r, ['PLAIN', 'CRAM-MD5', 'DIGEST-MD5'], ['CRAM-MD5'])
