"tools/gpu.sh without a card: it parses, it knows the rows, what it carries arrives whole, and it ends by itself, with all that it started, and goes on."
import subprocess, sys, tarfile, time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from arm_nb.experiment import build
from arm_nb.record import load_records, run_path
from arm_nb.sweeps import sweep


@pytest.fixture(scope='module')
def gpu(root):
    spec = spec_from_file_location('gpu', root/'tools'/'gpu.py')
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sh(root, *args, **more): return subprocess.run(['bash', root/'tools'/'gpu.sh', *map(str, args)], capture_output=True, text=True, **more)


def test_the_script_parses(root): subprocess.run(['bash', '-n', root/'tools'/'gpu.sh'], check=True)


def test_the_plan_holds_all_rows_slowest_on_a_cpu_first(root, gpu):
    lines = sh(root, '--rehearse', '--plan', check=True).stdout.splitlines()
    script = (root/'tools'/'long_runs.sh').read_text()
    wanted = [line for line in script.splitlines() if line.startswith(('row ', 'DATA='))]
    assert len(wanted) > 10 and all(any(line.endswith(w) for line in lines) for w in wanted)
    names = [line.split()[1] for line in lines]
    firsts = [names.index(n) for n in ('adi', 'gen', 'gen-mir', 'arm-noise')] + [i for i, line in enumerate(lines) if line.startswith('miniimagenet')][:1]
    assert firsts == sorted(firsts) and firsts[0] == 0 and all('adi' in n for n in names[:firsts[1]])
    assert f'--eval-every {gpu.BASE["eval_every"]}' in script and '--channels-last --compile' in script       # a record of the card answers for the row


def test_a_row_becomes_what_the_command_would_run(gpu, tmp_path):
    (tmp_path/'rows.sh').write_text('DATA=mnist-mini row 0-1 arm --set lambda_3=1,4 --eval-on val   # with a remark\n')
    row, = gpu.rows(tmp_path/'rows.sh')
    a = type('', (), dict(data=None, device='cpu', checkpoint_every=50, iterations=20, store=tmp_path))
    jobs = gpu.jobs_of(row, a)
    assert [(j.head.seed, j.head.config['lambda_3'], j.head.eval_on, j.head.how) for j in jobs] == [
        (s, v, 'val', dict(channels_last=True, compile=True)) for s in (0, 1) for v in (1., 4.)]


def test_what_is_packed_arrives_whole(gpu, tmp_path, monkeypatch, capsys):
    shared, here = tmp_path/'shared', tmp_path/'repo'
    shared.mkdir(); here.mkdir()
    subprocess.run(['git', 'init', '-q', here], check=True)
    (here/'.gitignore').write_text('/data/\n')
    blob = {name: bytes((i + j) % 251 for i in range(9_000_000)) for j, name in enumerate(('cifar10-a.zip', 'cifar10-b.zip'))}
    for name, content in blob.items(): (shared/name).write_bytes(content)
    (shared/'unpack.py').write_text("import pathlib, sys; here = pathlib.Path(__file__).parent\n"
                                    "for z in here.glob('*.zip'): (pathlib.Path(sys.argv[1])/z.stem).write_bytes(z.read_bytes())\n")
    (tmp_path/'kept'/'d').mkdir(parents=True)
    (tmp_path/'kept'/'d'/'seed-0.475.checkpoint').write_bytes(b'so far')
    monkeypatch.setattr(gpu, 'ROOT', here)
    monkeypatch.setattr(gpu, 'TRAVELS', 12 * 2**20)
    gpu.pack(shared, ['cifar10'], tmp_path/'kept')
    pieces = sorted((here/'data'/'carry').iterdir())
    said = capsys.readouterr().out
    assert len(pieces) == 2 == said.count('run(carry=') and all(p.name in said and p.stat().st_size <= 11 * 2**20 for p in pieces)
    away = tmp_path/'away'
    for i, p in enumerate(pieces):                                     # one a call
        (away/'carry').mkdir(parents=True, exist_ok=True)
        p.replace(away/'carry'/p.name)
        said = gpu.unpack(away, away/'store')
        assert said == ('1 of 2 pieces are here', 'unpacked: cifar10')[i]
    assert all((away/name[:-4]).read_bytes() == content for name, content in blob.items())
    assert (away/'store'/'d'/'seed-0.475.checkpoint').read_bytes() == b'so far'
    assert gpu.unpack(away, away/'store') == 'nothing new was carried here'


@pytest.mark.skipif(not Path('/proc/self/stat').exists(), reason='no /proc here to look for the child in')
def test_a_part_ends_at_its_time_with_all_that_it_started(gpu, tmp_path):
    (tmp_path/'p.py').write_text("import subprocess, sys\nprint(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid, flush=True)\nimport time; time.sleep(600)\n")
    began = time.monotonic()
    assert gpu.part([sys.executable, tmp_path/'p.py'], tmp_path/'log', 10) == 'ended after 10 s' and time.monotonic() - began < 20
    child = int((tmp_path/'log').read_text())
    time.sleep(.5)
    assert not (there := Path(f'/proc/{child}/stat')).exists() or there.read_text().rsplit(')', 1)[1].split()[0] == 'Z'      # ended, if nobody has asked after it yet
    assert gpu.part([sys.executable, '-c', 'raise SystemExit(3)'], tmp_path/'log', 10) == 'exit code 3' and gpu.part([sys.executable, '-c', ''], tmp_path/'log', 10) == ''
    assert gpu.part(['false'], tmp_path/'log', 5) == 'no time was left'


def test_what_was_begun_comes_back_and_goes_on(gpu, tmp_path):
    def stop(learner):
        if learner.t == 50: raise KeyboardInterrupt
    head = build('mnist-mini', 'lwf', 0, progress=False).record
    path = run_path(head, tmp_path/'away')
    path.parent.mkdir(parents=True)
    with pytest.raises(KeyboardInterrupt): build('mnist-mini', 'lwf', 0, progress=False, callbacks=[stop], checkpoint=path.with_suffix('.0.checkpoint'), checkpoint_every=20).fit()
    whole, _ = sweep(methods=['naive'], seeds=[0, 1], folder=tmp_path/'away', workers=1)
    there = run_path(whole, tmp_path/'kept')                             # this one was committed before
    there.parent.mkdir(parents=True)
    whole.thinned().save(there)
    (tmp_path/'out').mkdir()
    said = gpu.bring(tmp_path/'away', tmp_path/'kept', tmp_path/'out')
    assert len(said) == 2 and 'naive' in said[0] and 'seed-1.json: whole' in said[0] and '40 of 400 iterations' in said[1]
    names = sorted(p.name for p in (tmp_path/'out').iterdir())
    assert names == ['checkpoints.tar.0', 'records.tar.gz']
    for name, to in zip(names, ('runs', 'kept')):
        with tarfile.open(tmp_path/'out'/name) as tar: tar.extractall(tmp_path/to, filter='data')
    assert [r.seed for r in load_records(tmp_path/'kept')] == [0, 1]     # the order of CONTRIBUTING: what came back is as if it had been made here
    record, = sweep(methods=['lwf'], seeds=[0], folder=tmp_path/'runs', workers=1)
    assert record.complete and 'resumed' in record.versions


def test_a_sweep_comes_back_whole_and_is_not_run_again(root, gpu, tmp_path):
    (tmp_path/'rows.sh').write_text('DATA=mnist-mini row 0-1 naive --eval-every 50\n')
    said = sh(root, '--rehearse', '--script', tmp_path/'rows.sh', '--out', tmp_path/'out', '--store', tmp_path/'store', '--parts', 'sweep', '--minutes', 3)
    assert 'sweep: all runs are there' in said.stdout, said.stdout + said.stderr
    with tarfile.open(tmp_path/'out'/'records.tar.gz') as tar: tar.extractall(tmp_path/'kept', filter='data')
    assert [(r.seed, r.data, r.every) for r in load_records(tmp_path/'kept')] == [(s, 'mnist-mini-20', 10) for s in (0, 1)]
    row, = gpu.rows(tmp_path/'rows.sh')
    def missing(store): return len(gpu.jobs_of(row, type('', (), dict(data=None, device='cpu', checkpoint_every=50, iterations=20, store=store))))
    assert (missing(tmp_path/'store'), missing(tmp_path/'kept'), missing(tmp_path/'elsewhere')) == (0, 0, 2)         # a thinned record answers, too
