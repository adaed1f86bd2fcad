"""TLS itself, with openssl s_server: versions, resumption, early data, HelloRetryRequest, client certificates."""
from .. import retrieval_clients as c
from ..scenario import scenario
from ..servers.tls import OpensslServer
from ..truth import session

OLD = '-cipher ALL:@SECLEVEL=0'
PROTO = {465: 'smtp', 587: 'smtp', 25: 'smtp', 993: 'imap', 143: 'imap', 995: 'pop3', 110: 'pop3', 4190: 'sieve'}
UPGRADES = (587, 25, 143, 110, 4190)


def client(port, more='', host='mx.example', say='x', wait='0.4'):
    """openssl s_client; by STARTTLS where the port upgrades."""
    return c.words("(sleep %s; echo %s; sleep 0.2) | openssl s_client -connect %s:%d" % (wait, say, host, port),
                   '-starttls ' + PROTO[port] if port in UPGRADES else '', more)


def gnutls(port, more='--insecure', host='mx.example'):
    return c.words('(sleep 0.4; echo x; sleep 0.2) | gnutls-cli %s -p %d' % (host, port), '--starttls-proto=' + PROTO[port] if port in UPGRADES else '', more)


def done(port, version, **more):
    """The handshake completed."""
    if version < 'TLSv1.2' or version == 'SSLv3.0':
        more['incidents'] = ['deprecated_tls']
    if port not in UPGRADES:
        return session('implicit_tls', PROTO[port], tls=version, **more)
    return session('starttls', PROTO[port], starttls='220' if PROTO[port] == 'smtp' else 'OK', tls=version, **more)


def failed(port, **more):
    """It did not."""
    return session('tls_failed', PROTO[port], starttls=None if port not in UPGRADES else '220' if PROTO[port] == 'smtp' else 'OK', **more)


@scenario('tls-openssl-versions', OpensslServer('-min_protocol TLSv1 ' + OLD, upgrade=(587, 25, 143, 110), implicit=(465, 993, 995)))
def versions(r):
    """TLS 1.0 to 1.3 on every kind of port, by openssl and GnuTLS."""
    for option, version in (('-tls1', 'TLSv1.0'), ('-tls1_1', 'TLSv1.1'), ('-tls1_2', 'TLSv1.2'), ('-tls1_3', 'TLSv1.3')):
        for port, host in ((465, 'mx.example'), (993, 'mx6.example'), (995, 'mx.example'), (587, 'mx.example'), (143, 'mx6.example'), (110, 'mx.example')):
            r.run(client(port, option + ' ' + OLD, host), done(port, version))
        r.run(gnutls(993, "--insecure --priority 'NORMAL:-VERS-ALL:+VERS-TLS%s'" % version[-3:]), done(993, version))
        r.run(gnutls(25, "--insecure --priority 'NORMAL:-VERS-ALL:+VERS-TLS%s'" % version[-3:]), done(25, version))
    for cipher in ('CHACHA20-POLY1305', 'AES128-SHA'):
        r.run(client(993, '-tls1_2 -cipher ECDHE-ECDSA-%s:@SECLEVEL=0' % cipher), done(993, 'TLSv1.2'))
    for suite in ('TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_256_GCM_SHA384'):
        r.run(client(993, '-tls1_3 -ciphersuites ' + suite), done(993, 'TLSv1.3', tls_cipher=suite))


@scenario('tls-openssl-rsa', OpensslServer('-min_protocol TLSv1 ' + OLD, certificate='rsa'))
def rsa(r):
    """An RSA certificate: RSA key exchange, finite fields, and groups."""
    for cipher, name in (('AES128-SHA', 'TLS_RSA_WITH_AES_128_CBC_SHA'), ('AES256-GCM-SHA384', 'TLS_RSA_WITH_AES_256_GCM_SHA384'), ('DHE-RSA-AES128-SHA', 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA'),
                         ('ECDHE-RSA-AES128-GCM-SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256')):
        r.run(client(993, '-tls1_2 -cipher %s:@SECLEVEL=0' % cipher), done(993, 'TLSv1.2', tls_cipher=name))
    r.run(client(587, '-tls1 ' + OLD), done(587, 'TLSv1.0'))
    for group, name in (('P-256', 'secp256r1'), ('P-521', 'secp521r1'), ('X448', 'x448'), ('ffdhe2048', 'ffdhe2048')):
        r.run(client(143, '-tls1_3 -groups ' + group), done(143, 'TLSv1.3', tls_group=name))


@scenario('tls-openssl-resumption', OpensslServer('-early_data -max_early_data 1000'))
def resumption(r):
    """A session and its resumption: by ticket in 1.2, by PSK in 1.3, with early data."""
    for port, host in ((993, 'mx.example'), (587, 'mx6.example')):
        for option, version in (('-tls1_2', 'TLSv1.2'), ('-tls1_3', 'TLSv1.3')):
            r.run(client(port, option + ' -sess_out /tmp/s', host), done(port, version, resumed=False), says=['^New, '])
            r.run(client(port, option + ' -sess_in /tmp/s', host), done(port, version, resumed=True), says=['^Reused, '])
    r.run(client(993, '-tls1_3 -sess_out /tmp/s'), done(993, 'TLSv1.3', resumed=False))
    r.run('echo early > /tmp/early; ' + client(993, '-sess_in /tmp/s -early_data /tmp/early'), done(993, 'TLSv1.3', resumed=True), says=['Early data was accepted'])
    r.run('echo early > /tmp/early; ' + client(993, '-sess_in /tmp/s -early_data /tmp/early'), done(993, 'TLSv1.3'), says=['Early data was rejected'])
    r.run(gnutls(993, '--insecure -r'), done(993, 'TLSv1.3', resumed=False), done(993, 'TLSv1.3', resumed=True))
    r.run(gnutls(993, "--insecure -r --priority 'NORMAL:-VERS-ALL:+VERS-TLS1.2'"), done(993, 'TLSv1.2', resumed=False), done(993, 'TLSv1.2', resumed=True))


@scenario('tls-openssl-session-id', OpensslServer('-no_ticket -tls1_2'))
def session_id(r):
    """Resumption by session id."""
    for port in (993, 143):
        r.run(client(port, '-no_ticket -sess_out /tmp/s'), done(port, 'TLSv1.2', resumed=False), says=['^New, '])
        r.run(client(port, '-no_ticket -sess_in /tmp/s'), done(port, 'TLSv1.2', resumed=True), says=['^Reused, '])


@scenario('tls-openssl-retry', OpensslServer('-groups P-384'))
def retry(r):
    """HelloRetryRequest: the group of the first key share is not the server's."""
    for port in (993, 587, 143):
        r.run(client(port, '-groups X25519:P-384'), done(port, 'TLSv1.3', tls_group='secp384r1'), logs=['ClientHello(.|\\n)*ClientHello'])
    r.run(gnutls(993, "--insecure --priority NORMAL:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP384R1"), done(993, 'TLSv1.3', tls_group='secp384r1'))
    r.run(client(993, '-groups X25519'), failed(993))
    r.run(client(143, '-tls1_2 -groups P-384:P-256'), done(143, 'TLSv1.2'))
    r.run(client(587, '-tls1_2 -groups P-384'), failed(587))           # the certificate is one of P-256


@scenario('tls-openssl-names', OpensslServer('-alpn imap,pop3,smtp'))
def names(r):
    """ALPN and SNI, that of an address too."""
    r.run(client(993, '-alpn imap -servername mx.example'), done(993, 'TLSv1.3', tls_alpn='imap', tls_sni='mx.example'))
    r.run(client(993, '-alpn imap -tls1_2 -servername 192.0.2.25'), done(993, 'TLSv1.2', tls_alpn='imap', tls_sni='192.0.2.25'))
    r.run(client(143, '-noservername', 'mx6.example'), done(143, 'TLSv1.3', tls_sni=None))
    r.run(client(993, '-noservername -tls1_2'), done(993, 'TLSv1.2', tls_sni=None))
    r.run(client(993, '-alpn h2,http/1.1 -servername www.example'), session('other', 'unknown', log_tls=[]))
    r.run(client(587, '-servername submission.example'), done(587, 'TLSv1.3', tls_sni='submission.example'))


CERT = '-cert /etc/tls/%s.pem -key /etc/tls/%s.key'


@scenario('tls-openssl-client-certificate', OpensslServer('-Verify 1 -verify_return_error -CAfile /etc/tls/ca.pem'))
def client_certificate(r):
    """A server that wants a certificate of the client: given, missing, of another authority."""
    for port in (993, 587):
        for option, version in (('-tls1_2', 'TLSv1.2'), ('-tls1_3', 'TLSv1.3')):
            r.run(client(port, option + ' ' + CERT % ('client', 'client')), done(port, version))
            r.run(client(port, option), failed(port, log_tls=[]), logs=['peer did not return a certificate|certificate required|alert'])
            r.run(client(port, option + ' ' + CERT % ('other', 'other')), failed(port, log_tls=[]))
    r.run(gnutls(143, '--insecure'), failed(143))


@scenario('tls-openssl-asked', OpensslServer('-verify 1 -CAfile /etc/tls/ca.pem'))
def asked(r):
    """A server that asks for a certificate and takes none, too."""
    for option, version in (('-tls1_2', 'TLSv1.2'), ('-tls1_3', 'TLSv1.3')):
        r.run(client(993, option), done(993, version))
        r.run(client(143, option + ' ' + CERT % ('client', 'client')), done(143, version))
    r.run(gnutls(587), done(587, 'TLSv1.3'))


@scenario('tls-openssl-mismatch', OpensslServer('-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256', upgrade=(587, 143), implicit=(465, 993)))
def mismatch(r):
    """Versions and suites that do not fit, and those who speak something else."""
    for port in (993, 587):
        r.run(client(port, '-tls1_3'), failed(port))
        r.run(client(port, '-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305'), failed(port))
        r.run(client(port, '-tls1_1 ' + OLD), failed(port))
        r.run(client(port), done(port, 'TLSv1.2'))
        r.run(gnutls(port, "--insecure --priority 'NORMAL:-VERS-ALL:+VERS-TLS1.3'"), failed(port))
    r.run(c.talk('smtp', 'EHLO client.example', port=465, blind=True), session('incomplete'))
    r.run(c.talk('imap', 'a1 LOGIN planteduser PLANTEDpass', port=993, blind=True), session('clear_auth', 'imap', auth='LOGIN', command='LOGIN', log_auth=[], incidents=['plaintext_on_tls_port']))
    r.run(c.talk('imap', 'GET / HTTP/1.1\\r\\nHost: mx.example\\r\\n', port=993, blind=True), session('other', 'unknown'))


@scenario('tls-openssl-null', OpensslServer('-tls1_2 -cipher NULL:@SECLEVEL=0', certificate='rsa', upgrade=(587, 143), implicit=(465, 993)))
def null(r):
    """A suite without encryption."""
    null = dict(incidents=['null_encryption'], tls='TLSv1.2', log_tls=['TLSv1.2'])
    suite = '-cipher NULL-SHA256:@SECLEVEL=0 -tls1_2 -crlf'
    for port in (465, 993, 587, 143):
        r.run(client(port, suite), failed(port, **null))
    login = dict(auth='LOGIN', command='LOGIN', log_auth=[], **null)
    r.run(client(993, suite, say='a1 LOGIN planteduser PLANTEDpass'), session('clear_auth', 'imap', starttls_requested=None, **login))
    r.run(client(143, suite, say='a1 LOGIN planteduser PLANTEDpass'), session('clear_auth', 'imap', starttls='OK', **login))


@scenario('tls-certificates-unknown', OpensslServer())
def unknown(r):
    """Clients that do not know the authority leave: with an alert in clear or encrypted, before or behind their Finished."""
    other = '-verify_return_error -CAfile /etc/tls/other-ca.pem'
    for port in (993, 143):
        r.run(client(port, other), failed(port))
        r.run(client(port, '-tls1_2 ' + other), failed(port))
    r.run('curl -sS imaps://mx.example/ -u planteduser:PLANTEDpass', failed(993), says=['SSL certificate'])
    r.run(gnutls(993, '--x509cafile /etc/tls/other-ca.pem'), failed(993), says=['NOT trusted'])
    r.run(gnutls(143, "--x509cafile /etc/tls/other-ca.pem --priority 'NORMAL:-VERS-ALL:+VERS-TLS1.2'"), failed(143), says=['NOT trusted'])
    r.run("nodejs -e 'require(\"tls\").connect({host:\"mx.example\",port:993}).on(\"error\",e=>console.log(e.code))'", failed(993), says=['UNABLE'])


@scenario('tls-certificates-expired', OpensslServer(certificate='expired'))
def expired(r):
    """A server whose certificate ended in 2024."""
    r.run(client(993, '-tls1_2'), done(993, 'TLSv1.2'))
    r.run(client(143, '-verify_return_error -CAfile /etc/tls/ca.pem'), failed(143), says=['expired'])
    r.run(client(993, '-tls1_2 -verify_return_error -CAfile /etc/tls/ca.pem'), failed(993), says=['expired'])
    r.run('curl -sS --cacert /etc/tls/ca.pem imaps://mx.example/ -u planteduser:PLANTEDpass', failed(993), says=['expired'])
