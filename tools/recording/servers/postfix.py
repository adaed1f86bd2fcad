"""Postfix as a server with Cyrus SASL, and as a client."""
import time
from ..scenario import Server

PACKAGES = ['postfix', 'libsasl2-modules', 'libsasl2-modules-db', 'sasl2-bin']
COMMON = {'compatibility_level': '3.6', 'maillog_file': '/dev/stdout', 'maillog_file_prefixes': '/var, /dev', 'myhostname': 'mx.example',
          'mydestination': 'mx.example, mx6.example', 'mynetworks': '127.0.0.0/8', 'inet_interfaces': 'all', 'inet_protocols': 'all',
          'smtp_dns_support_level': 'disabled', 'smtp_host_lookup': 'native', 'alias_maps': '', 'local_recipient_maps': '',
          'default_transport': 'discard', 'local_transport': 'discard'}
MECHANISMS = 'PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 NTLM ANONYMOUS'
# service type private unpriv chroot wakeup maxproc command: nothing is chrooted, for the root is one already
MASTER = """postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""


def write_main(place, settings):
    # No name twice: the warning of it, which Postfix's own log daemon gives too, stops that daemon.
    place.write('etc/postfix/main.cf', ''.join('%s = %s\n' % s for s in {**COMMON, **settings}.items()))


class Postfix(Server):
    """settings are lines of main.cf; `mechanisms` are offered to whoever speaks on 587 and 465."""
    name, packages, npm = 'postfix', PACKAGES, []
    start = 'postfix start-fg'
    ports = [25, 587, 465]
    # a login that succeeded is named when mail follows it, else only `auth=1` is counted
    signs = [('tls', r'TLS connection established from \S+ (\S+) with'),
             ('auth', r'sasl_method=([A-Z0-9-]+)'), ('auth', r'SASL ([A-Z0-9-]+) authentication (?:failed|aborted)')]

    def __init__(self, mechanisms=MECHANISMS, relay_auth=False, **settings):
        self.mechanisms = mechanisms
        self.settings = {'smtpd_tls_cert_file': '/etc/tls/server.pem', 'smtpd_tls_key_file': '/etc/tls/server.key', 'smtpd_tls_security_level': 'may',
                         'smtpd_tls_loglevel': '1', 'smtpd_sasl_auth_enable': 'yes' if relay_auth else 'no', 'smtpd_sasl_path': 'smtpd',
                         'smtpd_sasl_security_options': '', 'smtpd_sasl_local_domain': 'mx.example', **settings}

    def configure(self, place):
        write_main(place, self.settings)
        place.write('etc/postfix/master.cf', MASTER + 'smtp inet n - n - - smtpd\n'
                    '587 inet n - n - - smtpd -o smtpd_sasl_auth_enable=yes\n'
                    '465 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes\n')
        place.write('etc/postfix/sasl/smtpd.conf', 'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: %s\nsasldb_path: /etc/sasldb2\n' % self.mechanisms)
        place.do('printf PLANTEDpass | saslpasswd2 -p -c -u mx.example planteduser; chgrp postfix /etc/sasldb2; chmod 640 /etc/sasldb2')


class PostfixSender:
    """Postfix in the client's space; `sendmail` hands it a message, which it sends on at once."""
    name, packages, npm = 'postfix', PACKAGES, []
    start = 'postfix start-fg'

    @staticmethod
    def configure(place, **settings):
        settings = {'relayhost': '[mx.example]', 'default_transport': 'smtp', 'local_transport': 'smtp', 'myhostname': 'client.example', 'mydestination': '',
                    'smtp_tls_loglevel': '1', 'minimal_backoff_time': '1s', 'maximal_backoff_time': '1s', **settings}
        write_main(place, settings)
        place.write('etc/postfix/master.cf', MASTER)

    @staticmethod
    def wait(place):
        deadline = time.monotonic() + 10
        while 'daemon started' not in place.log() and time.monotonic() < deadline:
            time.sleep(0.05)
