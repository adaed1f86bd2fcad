"""Root file systems of Debian, one for each server and one for the clients, since mail servers exclude one
another as packages. They are built once under a cache folder and never changed by a recording: each recording
mounts an overlay above them."""
import fcntl, os, shutil, subprocess, tempfile

RELEASE = 'bookworm'
BASE = ['ca-certificates', 'libsasl2-modules', 'openssl', 'sasl2-bin']
TOOLS = {'debootstrap': 'debootstrap', 'tcpdump': 'tcpdump', 'ip': 'iproute2', 'ethtool': 'ethtool', 'openssl': 'openssl'}
CACHE = os.environ.get('MAILSEAL_RECORD_CACHE', '/var/cache/mailseal-record')


def say(text): print('record: ' + text, flush=True)


def must(command, **more):
    """Runs it; a failure ends the recording with what the command said."""
    r = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if r.returncode:
        raise SystemExit('record: %s\nfailed with status %d:\n%s' % (' '.join(command), r.returncode, r.stdout.decode(errors='replace')[-3000:]))
    return r.stdout.decode(errors='replace')


def install_tools():
    absent = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    if absent:
        say('installs on this machine: ' + ' '.join(absent))
        must(['apt-get', 'update', '-q'])
        must(['apt-get', 'install', '-q', '-y', '--no-install-recommends', *absent])


def build(name, packages, npm=()):
    """CACHE/NAME with these packages of Debian, and of npm under /opt, unless it stands already."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, 'lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        base = os.path.join(CACHE, 'base')
        if not os.path.exists(base):
            say('builds %s by debootstrap' % base)
            shutil.rmtree(base + '.new', ignore_errors=True)
            must(['debootstrap', '--variant=minbase', '--include=' + ','.join(BASE), RELEASE, base + '.new'])
            os.rename(base + '.new', base)
        root, stamp = os.path.join(CACHE, name), ' '.join([*sorted(packages), *npm])
        try:
            with open(root + '.stamp') as f:
                if f.read() == stamp:
                    return
        except OSError:
            pass
        say('builds %s with %s' % (root, stamp))
        for old in (root, root + '.new'):
            shutil.rmtree(old, ignore_errors=True)
        must(['cp', '-a', base, root + '.new'])
        fill(root + '.new', packages, npm)
        os.rename(root + '.new', root)
        with open(root + '.stamp', 'w') as f:
            f.write(stamp)


def fill(root, packages, npm):
    policy = os.path.join(root, 'usr/sbin/policy-rc.d')          # no server starts by itself
    with open(policy, 'w') as f:
        f.write('#!/bin/sh\nexit 101\n')
    os.chmod(policy, 0o755)
    shutil.copy('/etc/resolv.conf', os.path.join(root, 'etc/resolv.conf'))
    inside = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc=' + root + '/proc', 'chroot', root]
    env = dict(PATH='/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL='C', DEBIAN_FRONTEND='noninteractive', HOME='/root')
    env.update((k, v) for k, v in os.environ.items() if k.lower().endswith('_proxy'))
    must([*inside, 'apt-get', 'update', '-q'], env=env)
    must([*inside, 'apt-get', 'install', '-q', '-y', '--no-install-recommends', *packages], env=env)
    must([*inside, 'apt-get', 'clean'], env=env)
    if npm:
        if not shutil.which('npm'):
            say('installs on this machine: npm')
            must(['apt-get', 'install', '-q', '-y', '--no-install-recommends', 'npm'])
        with tempfile.TemporaryDirectory() as folder:
            must(['npm', 'install', '--prefix', folder, *npm])
            shutil.copytree(os.path.join(folder, 'node_modules'), os.path.join(root, 'opt/node_modules'), symlinks=True)
    # A name server that is not there makes servers wait before their banner: all names stand in /etc/hosts.
    with open(os.path.join(root, 'etc/resolv.conf'), 'w') as f:
        f.write('nameserver 127.0.0.1\noptions timeout:1 attempts:1\n')
