"""Cyrus: IMAP, POP3, LMTP and ManageSieve."""
from ..scenario import Server

SERVICES = """START {
}
SERVICES {
  imap cmd="imapd" listen="143"
  imaps cmd="imapd -s" listen="993"
  pop3 cmd="pop3d" listen="110"
  pop3s cmd="pop3d -s" listen="995"
  sieve cmd="timsieved" listen="4190"
  lmtp cmd="lmtpd%s" listen="24"
}
EVENTS {
}
"""
CONFIG = """configdirectory: /var/lib/cyrus
proc_path: /run/cyrus/proc
mboxname_lockpath: /run/cyrus/lock
defaultpartition: default
partition-default: /var/spool/cyrus/mail
autocreate_post: yes
servername: mx.example
sieveusehomedir: false
sievedir: /var/spool/sieve
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: /etc/sasldb2
tls_server_cert: /etc/tls/server.pem
tls_server_key: /etc/tls/server.key
tls_session_timeout: 0
lmtp_admins: planteduser
popminpoll: 0
failedloginpause: 0
syslog_prefix: cyrus
"""
# What Debian's service does before it starts.
PREPARE = """mkdir -p /run/cyrus/proc /run/cyrus/lock /run/cyrus/socket; chown -R cyrus:mail /run/cyrus
printf PLANTEDpass | saslpasswd2 -p -c -u mx.example planteduser; chown cyrus /etc/sasldb2; chown cyrus /etc/tls/*.key"""


class Cyrus(Server):
    """settings are lines of imapd.conf; `preauthenticated` is LMTP without logins."""
    name, npm = 'cyrus', []
    packages = ['cyrus-imapd', 'cyrus-pop3d', 'cyrus-admin', 'libsasl2-modules', 'libsasl2-modules-db', 'libsasl2-modules-otp', 'sasl2-bin']
    start = 'cyrmaster'
    ports = [143, 993, 110, 995, 4190, 24]
    signs = [('tls', r'starttls: (TLSv[0-9.]+) with cipher'), ('auth', r'login: \S+ \[\S+\] (?:planteduser )?([A-Za-z0-9-]+)')]

    def __init__(self, mechanisms='PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256', preauthenticated=True, **settings):
        self.preauthenticated = preauthenticated
        self.settings = {'sasl_mech_list': mechanisms, 'allowplaintext': 'yes', 'autocreate_quota': '0', **settings}

    def configure(self, place):
        place.write('etc/cyrus.conf', SERVICES % (' -a' if self.preauthenticated else ''))
        place.write('etc/imapd.conf', CONFIG + ''.join('%s: %s\n' % s for s in self.settings.items()))
        place.do(PREPARE)
