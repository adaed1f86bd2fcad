"""Dovecot's LMTP. Its log says nothing of TLS: scenarios look at the client's output for it."""
from ..scenario import Server


class DovecotLMTP(Server):
    """`ssl` is Dovecot's setting."""
    name, packages, npm = 'dovecot-lmtp', ['dovecot-core', 'dovecot-lmtpd'], []
    start = 'dovecot -F'
    ports = [24]

    def __init__(self, ssl='yes'): self.ssl = ssl

    def configure(self, place):
        place.write('etc/dovecot/dovecot.conf', """protocols = lmtp
log_path = /dev/stderr
ssl = %s
ssl_cert = </etc/tls/server.pem
ssl_key = </etc/tls/server.key
auth_verbose = yes
mail_location = maildir:/tmp/mail/%%u
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
hostname = mx.example
login_trusted_networks = 198.51.100.0/24 2001:db8:100::/64
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/tmp/mail/%%u allow_all_users=yes
}
service lmtp {
  inet_listener lmtp {
    address = 192.0.2.25 2001:db8:25::25
    port = 24
  }
}
""" % self.ssl)
        place.do('mkdir -p /tmp/mail; chmod 1777 /tmp/mail /tmp')
