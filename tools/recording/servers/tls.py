"""Servers that speak nothing but TLS, with tools/recording/front before the ports that upgrade: openssl s_server,
gnutls-serv, NSS' selfserv, and node (OpenSSL 3.5)."""
import os
from ..scenario import Server

UPGRADE, IMPLICIT = {25: 'smtp', 587: 'smtp', 143: 'imap', 110: 'pop3', 4190: 'sieve'}, (465, 993, 995)


class TlsServer(Server):
    """`command(port)` serves TLS there, one or many connections; `upgrade` and `implicit` are the ports. `faults` are
    words of front for further ports."""
    npm = []
    start = '/bin/sh /etc/run'
    certificate = 'server'

    def __init__(self, options='', upgrade=(587, 143), implicit=(993,), certificate='server', faults=()):
        self.options, self.upgrade, self.implicit, self.certificate, self.faults = options, upgrade, implicit, certificate, faults
        self.ports = [*upgrade, *implicit, *(int(f.split(':')[0]) for f in faults)]

    def configure(self, place):
        with open(os.path.join(os.path.dirname(__file__), '..', 'front'), encoding='utf-8') as f:
            place.write('usr/bin/front', f.read(), 0o755)
        lines = [self.command(port) + ' &' for port in self.implicit]
        if self.upgrade:
            lines.append(self.command(10000) + ' &')
        words = ['%d:%s:10000' % (port, UPGRADE[port]) for port in self.upgrade] + ["'%s'" % f for f in self.faults]
        lines.append('exec front ' + ' '.join(words) if words else 'wait')
        place.write('etc/run', '\n'.join(lines) + '\n')


class OpensslServer(TlsServer):
    name, packages = 'openssl', ['openssl', 'python3-minimal', 'libpython3-stdlib']
    signs = [('tls', r'<<< (TLS 1\.\d), Handshake .*, Finished')]     # of the client

    def command(self, port):
        # it would leave at the end of its input
        return 'sleep 100000 | openssl s_server -accept %d -msg -cert /etc/tls/%s.pem -key /etc/tls/%s.key %s' % (port, self.certificate, self.certificate, self.options)


class GnutlsServer(TlsServer):
    name, packages = 'gnutls', ['gnutls-bin', 'python3-minimal', 'libpython3-stdlib']
    signs = [('tls', r'- Description: \((TLS1\.\d)')]

    def command(self, port):
        return 'gnutls-serv --echo -p %d --x509certfile /etc/tls/%s.pem --x509keyfile /etc/tls/%s.key %s' % (port, self.certificate, self.certificate, self.options)


class NssServer(TlsServer):
    """SSLv3, too (not together with TLS 1.3)."""
    name, packages = 'nss', ['libnss3-tools', 'openssl', 'python3-minimal', 'libpython3-stdlib']
    signs = []

    def configure(self, place):
        super().configure(place)
        place.do('mkdir /etc/nss && openssl pkcs12 -export -passout pass: -name server -in /etc/tls/%s.pem -inkey /etc/tls/%s.key -out /tmp/p12 && '
                 'certutil -N -d /etc/nss --empty-password && pk12util -i /tmp/p12 -d /etc/nss -W ""' % (self.certificate, self.certificate))

    def command(self, port):
        return 'selfserv -d /etc/nss -n server -p %d -v %s' % (port, self.options)


NODE = """const tls = require('tls'), fs = require('fs');
const options = Object.assign({cert: fs.readFileSync('/etc/tls/%s.pem'), key: fs.readFileSync('/etc/tls/%s.key')}, {%s});
const server = tls.createServer(options, s => {
  console.log('tls ' + s.getProtocol() + ' ' + s.isSessionReused());
  s.on('error', e => console.log(e.message));
  s.on('data', d => s.end('bye\\r\\n'));
});
server.on('tlsClientError', e => console.log('failed ' + e.message));
server.listen(process.argv[2]);
"""


class NodeServer(TlsServer):
    """options are those of tls.createServer, as JavaScript."""
    name, packages, npm = 'node', ['python3-minimal', 'libpython3-stdlib'], ['node@24']
    signs = [('tls', r'^tls (TLSv1\.?\d?)')]

    def configure(self, place):
        super().configure(place)
        place.write('etc/server.js', NODE % (self.certificate, self.certificate, self.options))

    def command(self, port):
        return '/opt/node_modules/node/bin/node /etc/server.js %d' % port

    def version(self, place):
        return place.do('/opt/node_modules/node/bin/node --version').strip().lstrip('v')
