"""TLS with gnutls-serv, NSS' selfserv (SSLv3) and node 24 (post-quantum groups)."""
from .. import retrieval_clients as c
from ..scenario import scenario
from ..servers.tls import GnutlsServer, NodeServer, NssServer, OpensslServer
from ..truth import session
from .tls_openssl import client, done, failed, gnutls


def node(port, more='', host='mx.example', program='/opt/node_modules/node/bin/node'):
    """A TLS client of node on a TLS port."""
    return program + (" -e 'require(\"tls\").connect({host:\"%s\",port:%d,rejectUnauthorized:false%s},function(){console.log(this.getProtocol());this.end(\"x\\r\\n\")})"
                      ".on(\"error\",e=>console.log(e.code)).on(\"data\",function(){this.end()})'" % (host, port, more))


@scenario('tls-gnutls', GnutlsServer("--priority 'NORMAL:+VERS-TLS1.0:+VERS-TLS1.1'", upgrade=(587, 143, 4190), implicit=(465, 993)))
def gnutls_serv(r):
    """gnutls-serv: versions, resumption, early data."""
    for version in ('TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'):
        for port, host in ((993, 'mx.example'), (587, 'mx6.example'), (4190, 'mx.example')):
            r.run(gnutls(port, "--insecure --priority 'NORMAL:-VERS-ALL:+VERS-TLS%s'" % version[-3:], host), done(port, version))
    for option, version in (('-tls1_2', 'TLSv1.2'), ('-tls1_3', 'TLSv1.3')):
        for port in (465, 143):
            r.run(client(port, option), done(port, version))
    r.run(gnutls(993, '--insecure -r'), done(993, 'TLSv1.3', resumed=False), done(993, 'TLSv1.3', resumed=True))
    r.run(gnutls(993, "--insecure -r --priority 'NORMAL:-VERS-ALL:+VERS-TLS1.2'"), done(993, 'TLSv1.2', resumed=False), done(993, 'TLSv1.2', resumed=True))


@scenario('tls-gnutls-client-certificate', GnutlsServer('--require-client-cert --verify-client-cert --x509cafile /etc/tls/ca.pem'))
def gnutls_client_certificate(r):
    """gnutls-serv that wants a certificate of the client."""
    given = '--insecure --x509certfile /etc/tls/%s.pem --x509keyfile /etc/tls/%s.key'
    for priority, version in (("--priority 'NORMAL:-VERS-ALL:+VERS-TLS1.2'", 'TLSv1.2'), ('', 'TLSv1.3')):
        r.run(gnutls(993, given % ('client', 'client') + ' ' + priority), done(993, version))
        r.run(gnutls(143, '--insecure ' + priority), failed(143))


@scenario('tls-node', NodeServer(upgrade=(587, 143), implicit=(465, 993)))
def post_quantum(r):
    """OpenSSL 3.5 at both ends: X25519MLKEM768; and with clients that have none."""
    for port, host in ((465, 'mx.example'), (993, 'mx6.example')):
        r.run(node(port, host=host), done(port, 'TLSv1.3', pq=True, tls_group='X25519MLKEM768', tls_pq_offered=True))
    r.run(node(993, ',ecdhCurve:"SecP256r1MLKEM768:X25519"'), done(993, 'TLSv1.3'))
    r.run(node(993, ',maxVersion:"TLSv1.2"'), done(993, 'TLSv1.2', pq=False))
    r.run(node(993, program='nodejs'), done(993, 'TLSv1.3', pq=False))
    r.run(node(993, ',ALPNProtocols:["imap"]'), done(993, 'TLSv1.3', pq=True, tls_alpn='imap'))
    for port in (587, 143):
        r.run(client(port), done(port, 'TLSv1.3', pq=False))
    r.run(gnutls(465, '--insecure'), done(465, 'TLSv1.3', pq=False))


@scenario('tls-node-to-openssl', OpensslServer('', upgrade=(587,), implicit=(993,)))
def offered(r):
    """A client that offers a post-quantum group to OpenSSL 3.0: a hello of two segments, and an older group."""
    r.run(node(993), done(993, 'TLSv1.3', pq=False, tls_group='x25519'))
    r.run(node(993, ',maxVersion:"TLSv1.2"', 'mx6.example'), done(993, 'TLSv1.2', pq=False))
    r.run(node(993, ',ecdhCurve:"P-384:X25519"'), done(993, 'TLSv1.3', tls_group='secp384r1'))


@scenario('tls-nss', NssServer('-V ssl3:tls1.2', certificate='rsa', upgrade=(), implicit=(993,)))
def nss(r):
    """NSS at both ends: SSLv3 to TLS 1.2."""
    place = r.place('nss', 'client')
    for i, (word, version) in enumerate((('ssl3', 'SSLv3'), ('tls1.0', 'TLSv1.0'), ('tls1.1', 'TLSv1.1'), ('tls1.2', 'TLSv1.2'))):
        # selfserv speaks HTTP, and says what was negotiated once it has read a request
        r.run("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout 2 tstclnt -h mx.example -p 993 -D -o -V %s:%s" % (word, word), done(993, version), where=place,
              logs=['SSL version 3[.]%d' % i])


FAULTS = ['995:tls:rst', '993:tls:fin', "465:tls:say=220 mx.example ESMTP\\r\\n", '587:smtp:rst', '25:smtp:fin', '143:imap:say=* BAD what\\r\\n', '110:pop3:say=\\x15\\x03\\x03\\0\\x02\\x02\\x28',
          '4190:sieve:say=\\x15\\x03\\x01\\0\\x02\\x02\\x46']


@scenario('tls-faults', OpensslServer(upgrade=(), implicit=(), faults=FAULTS))
def faults(r):
    """What breaks a handshake: a reset, an end, text, an alert; by every client."""
    for port in (995, 993, 587, 25, 143, 110, 4190):
        r.run(client(port), failed(port))
        r.run(gnutls(port, host='mx6.example'), failed(port))
    r.run(client(465), session('tls_failed', incidents=['plaintext_on_tls_port']))
    r.run(c.mbsync(tls='starttls'), failed(143))
    r.run(c.mbsync(tls='implicit'), failed(993))
    r.run(c.mpop(tls='starttls'), failed(110))
    r.run(c.fetchmail('imap', tls='starttls'), failed(143))


@scenario('tls-silence', OpensslServer(upgrade=(), implicit=(), faults=['993:tls:silent', '143:imap:silent', '587:smtp!:rst']))
def silence(r):
    """A ClientHello without an answer for more than 30 seconds; STARTTLS that was not offered and is accepted."""
    r.run('timeout 32 openssl s_client -connect mx.example:993', failed(993), timeout=40)
    r.run('timeout 32 openssl s_client -connect mx.example:143 -starttls imap', failed(143), timeout=40)
    r.run(client(587), session('tls_failed', starttls='220', offered=False, strip='possible'))
