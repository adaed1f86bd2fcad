"""Checks that are counted, and the program that they are of."""
import argparse, os, subprocess, sys

passed = failed = 0
BIN = None


def begin(usage):
    """The arguments: --bin."""
    global BIN
    p = argparse.ArgumentParser(usage=usage)
    p.add_argument('--bin', default='build/mailseal')
    a = p.parse_args()
    BIN = a.bin = os.path.abspath(a.bin)
    return a


def check(what, have, want=True):
    global passed, failed
    passed, failed = passed + (have == want), failed + (have != want)
    if have != want:
        print('%s: %.2000s\n  and not %.2000s' % (what, have, want))


def run(*args, columns=None, program=None, **how):
    """Status, output and errors of the program; columns: how wide a terminal it may think that it has."""
    env = {k: v for k, v in os.environ.items() if k != 'COLUMNS'}
    if columns:
        env['COLUMNS'] = str(columns)
    r = subprocess.run([program or BIN, *args], capture_output=True, text=True, timeout=60, env=env, **how)
    return r.returncode, r.stdout, r.stderr


def end():
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(failed > 0)
