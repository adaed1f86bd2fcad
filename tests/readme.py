#!/usr/bin/env python3
"""What README.md shows is what the program prints: of each example that can be had from this checkout.

usage: readme.py [--bin build/mailseal] [--show]

Runs the commands "$ mailseal …" of README's code blocks, from the top down, that name the database sample.db or a file of
tests/; what stands below each has to be what it prints, where a line "…" (or a line's end) stands for anything. Others are
examples of databases that are not here. --show prints what each says now, to be taken over. The last line is "N passed,
N failed" (commands).
"""
import argparse, glob, os, re, shlex, subprocess, tempfile

LEAST = 5       # commands: fewer of them, and this looks at the wrong file


def examples(text):
    """(command, the lines below it) of each code block."""
    for block in re.findall(r'^```\n(.*?)^```$', text, re.M | re.S):
        for part in re.split(r'^\$ ', block, flags=re.M)[1:]:
            command, _, shown = part.partition('\n')
            while command.endswith('\\'):
                more, _, shown = shown.partition('\n')
                command = command[:-1] + more.strip()
            yield command.split('  #')[0].strip(), shown.splitlines()


def can_be_had(command):
    return command.startswith('mailseal ') and ('sample.db' in command or 'tests/' in command)


def agrees(shown, printed):
    """Whether the lines that are shown are those that are printed; '…' is any number of them, or the rest of one."""
    if not shown:
        return True
    if shown[0] == '…':
        return any(agrees(shown[1:], printed[i:]) for i in range(len(printed) + 1)) if len(shown) > 1 else True
    if not printed:
        return False
    same = printed[0].startswith(shown[0][:-1]) if shown[0].endswith('…') else printed[0] == shown[0]
    return same and agrees(shown[1:], printed[1:]) if len(shown) > 1 else same and len(printed) == 1


def run(a, command, db):
    words = []
    for word in shlex.split(command)[1:]:
        words += sorted(glob.glob(word)) or [word] if '*' in word else [db if word == 'sample.db' else word]
    p = subprocess.run([a.bin] + words, capture_output=True, text=True, timeout=120, env=dict(os.environ, COLUMNS='80', LC_ALL='C.UTF-8'))
    return [line.rstrip() for line in (p.stderr + p.stdout).splitlines()]


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--bin', default='build/mailseal')
    p.add_argument('--show', action='store_true')
    a = p.parse_args()
    a.bin = os.path.abspath(a.bin)
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for command, shown in examples(open('README.md', encoding='utf-8').read()):
            if not can_be_had(command):
                continue
            printed = run(a, command, os.path.join(folder, 'sample.db'))
            good = agrees(shown, printed) if shown else bool(printed) and not printed[0].startswith('mailseal:')
            passed, failed = passed + good, failed + (not good)
            if a.show or not good:
                print('%s README.md: $ %s' % ('    ' if good else 'not', command))
                print('\n'.join('       ' + line for line in printed[:60]))
    if passed + failed < LEAST:
        print('only %d examples were found in README.md' % (passed + failed))
        failed += 1
    print('%d passed, %d failed' % (passed, failed))
    return failed > 0


if __name__ == '__main__':
    raise SystemExit(main())
