"""Exim (GnuTLS) as a server, and as a client."""
import time
from ..scenario import Server

PACKAGES = ['exim4-daemon-heavy', 'libsasl2-modules', 'libsasl2-modules-db', 'sasl2-bin']
COMMON = """log_file_path = syslog
syslog_timestamp = false
syslog_duplication = false
host_lookup =
rfc1413_hosts =
smtp_return_error_details = true
keep_environment =
message_size_limit = 1M
log_selector = +smtp_no_mail +tls_cipher +smtp_connection +smtp_protocol_error +smtp_syntax_error
"""
SERVER = """primary_hostname = mx.example
domainlist local_domains = mx.example : mx6.example
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
acl_smtp_etrn = accept
acl_smtp_vrfy = accept
auth_advertise_hosts = *
daemon_smtp_ports = 25 : 587 : 465
tls_on_connect_ports = 465
pipelining_connect_advertise_hosts = *
%s
begin acl
rcpt:
  deny local_parts = plantednone
  accept domains = +local_domains
  accept authenticated = *
  deny message = relay not permitted
begin routers
hole:
  driver = redirect
  data = :blackhole:
begin authenticators
%s
"""
PLAINTEXT = """%s:
  driver = plaintext
  public_name = %s
  server_prompts = %s
  server_condition = ${if eq{%s}{%s}}
  server_set_id = x
"""
AUTHENTICATORS = {
    'PLAIN': PLAINTEXT % ('plain', 'PLAIN', ':', '$auth3', 'PLANTEDpass'),
    'LOGIN': PLAINTEXT % ('login', 'LOGIN', 'Username:: : Password::', '$auth2', 'PLANTEDpass'),
    'XOAUTH2': PLAINTEXT % ('xoauth2', 'XOAUTH2', ':', '${sg{$auth1}{[^ -~]}{|}}', 'user=planteduser|auth=Bearer PLANTEDpass||'),
    'OAUTHBEARER': PLAINTEXT % ('oauthbearer', 'OAUTHBEARER', ':', '${if match{$auth1}{Bearer PLANTEDpass}{yes}}', 'yes'),
    'CRAM-MD5': 'cram_md5:\n  driver = cram_md5\n  public_name = CRAM-MD5\n  server_secret = PLANTEDpass\n  server_set_id = x\n',
}
AUTHENTICATORS.update((m, '%s:\n  driver = cyrus_sasl\n  public_name = %s\n  server_realm = mx.example\n  server_hostname = mx.example\n  server_set_id = x\n' % (m.lower().replace('-', '_'), m))
                      for m in ('DIGEST-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'NTLM'))


class Exim(Server):
    """settings are options of the main part; `mechanisms` are offered to everybody."""
    name, packages, npm = 'exim', PACKAGES, []
    start = 'exim4 -bdf -q1h'
    ports = [25, 587, 465]
    # a line for each message, or for each session without one
    signs = [('tls', r'(?:<= |no MAIL|rejected RCPT).* X=(TLS[0-9.]+):'), ('auth', r'(?:<= |no MAIL|rejected RCPT).* A=([a-z0-9_]+)'),
             ('auth', r'([a-z0-9_]+) authenticator failed')]

    def __init__(self, mechanisms='PLAIN LOGIN CRAM-MD5', **settings):
        self.mechanisms = mechanisms.split()
        self.settings = {'tls_advertise_hosts': '*', 'tls_certificate': '/etc/tls/server.pem', 'tls_privatekey': '/etc/tls/server.key', **settings}

    def configure(self, place):
        place.write('etc/exim4/exim4.conf', COMMON + SERVER % ('\n'.join('%s = %s' % s for s in self.settings.items()),
                                                              '\n'.join(AUTHENTICATORS[m] for m in self.mechanisms)))
        place.do('chmod 644 /etc/tls/*.key; printf PLANTEDpass | saslpasswd2 -p -c -f /etc/sasldb2 -u mx.example planteduser; chmod 644 /etc/sasldb2')


class EximSender:
    """Exim in the client's space; `sendmail` sends a message on at once."""
    name, packages, npm = 'exim', PACKAGES, []
    start = 'exim4 -bdf -q1h'

    @staticmethod
    def configure(place, transport='', authenticators='', **settings):
        place.write('etc/exim4/exim4.conf', COMMON + 'primary_hostname = client.example\nlocal_interfaces = 127.0.0.1\ntrusted_users = root\n'
                    + ''.join('%s = %s\n' % s for s in settings.items()) + """
begin routers
relay:
  driver = manualroute
  transport = remote
  route_list = * mx.example byname
  self = send
begin transports
remote:
  driver = smtp
%s
begin retry
* * F,1h,1s
%s""" % (transport, authenticators))

    @staticmethod
    def wait(place):
        deadline = time.monotonic() + 10
        while 'daemon started' not in place.log() and time.monotonic() < deadline:
            time.sleep(0.05)
