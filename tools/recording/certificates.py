"""A small authority and its certificates, made once under the cache folder and put into every root as /etc/tls.

ca.pem            the authority, which clients trust when they are told to
server.pem/.key   mx.example and mx6.example, EC P-256;  rsa.pem/.key   the same with RSA 2048
client.pem/.key   a client;  other-ca.pem, other.pem/.key   another authority, and a server of it
expired.pem/.key  mx.example, which ended in 2024"""
import os, shutil, tempfile
from . import roots

NAMES = 'subjectAltName=DNS:mx.example,DNS:mx6.example'
EC, RSA = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], ['-newkey', 'rsa:2048']
FOLDER = os.path.join(roots.CACHE, 'tls')


def make():
    if os.path.exists(FOLDER):
        return
    with tempfile.TemporaryDirectory(dir=roots.CACHE) as folder:
        def file(name): return os.path.join(folder, name)
        for name in ('ca', 'other-ca'):
            roots.must(['openssl', 'req', '-x509', '-nodes', *EC, '-subj', '/CN=' + name, '-days', '7300', '-keyout', file(name + '.key'), '-out', file(name + '.pem')])
        for name, authority, subject, key, more in (('server', 'ca', 'mx.example', EC, ['-days', '7300']), ('rsa', 'ca', 'mx.example', RSA, ['-days', '7300']),
                                                    ('client', 'ca', 'client.example', EC, ['-days', '7300']), ('other', 'other-ca', 'mx.example', EC, ['-days', '7300']),
                                                    ('expired', 'ca', 'mx.example', EC, ['-startdate', '20230101000000Z', '-enddate', '20240101000000Z'])):
            issue(file, name, authority, subject, key, more)
        os.chmod(folder, 0o755)
        shutil.copytree(folder, FOLDER)


def issue(file, name, authority, subject, key, more):
    roots.must(['openssl', 'req', '-new', '-nodes', *key, '-subj', '/CN=' + subject, '-keyout', file(name + '.key'), '-out', file('request')])
    with open(file('config'), 'w') as f:
        f.write('[ca]\ndefault_ca=a\n[a]\nnew_certs_dir=%s\ndatabase=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nunique_subject=no\n'
                'x509_extensions=x\nemail_in_dn=no\n[p]\ncommonName=supplied\n[x]\n%s\n' % (file(''), file('index'), NAMES))
    open(file('index'), 'w').close()
    roots.must(['openssl', 'ca', '-batch', '-notext', '-config', file('config'), '-cert', file(authority + '.pem'), '-keyfile', file(authority + '.key'),
                '-in', file('request'), '-out', file(name + '.pem'), *more])


def put(place):
    for name in sorted(os.listdir(FOLDER)):
        if name.endswith(('.pem', '.key')):
            with open(os.path.join(FOLDER, name)) as f:
                place.write('etc/tls/' + name, f.read())
