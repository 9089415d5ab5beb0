import json, typer
from pathlib import Path
from typer.testing import CliRunner
from arm_nb.cli import *
from arm_nb.cli import Format, HOW_TO_READ, MOST_SEEDS, OneLine, check, class_order_of, data, data_app, data_of, demo, get, grid_of, methods, overrides, report, run, say_whole, seeds_of, summary, sweep, thin, typed

cli = CliRunner()
def ok(*args, code=0):
    done = cli.invoke(app, list(args))
    assert done.exit_code == code, done.output
    return done.output

assert data_of('mnist-mini') == 'mnist-mini' and class_order_of('3,1') == [3, 1] and MOST_SEEDS == 10_000 and callable(thin)
assert issubclass(OneLine, typer.core.TyperGroup) and callable(main)
assert typed('1.0', float) == 1. and typed('none', int | None) is None and overrides(['lambda_3=1'], 'arm') == {'lambda_3': 1.} and seeds_of('0-2') == [0, 1, 2]
assert Format('csv') is Format.csv and 'forgetting' in HOW_TO_READ
out = json.loads(ok('run', '--method', 'naive', '--json', '--out', 'store'))
assert out['method'] == 'naive' and .1 < out['accuracy'] < .25 and Path(out['file']).exists()
assert 'naive' in ok('report', 'store') and 'mnist-mini' in ok('data') and 'whole' in ok('data', 'check', 'mnist-mini') and 'lambda_3' in ok('methods', 'arm')
assert "did you mean 'arm'" in ok('run', '--method', 'amr', code=2) and 'no finished runs in' in ok('report', 'nowhere', code=2)
from arm_nb.experiment import build, fit_and_keep
record, path = fit_and_keep(build(method='naive', seed=1, progress=False), Path('store'))
assert summary(record, path)['seed'] == 1
assert 'naive' in ok('sweep', '--method', 'naive', '--seed', '0', '--workers', '1', '--out', 'store') and grid_of(['S=1,2'], ['arm']) == {'S': [1, 2]}
for command in (demo, run, sweep, report, data, get, check, methods, say_whole): assert command.__name__ in ('say_whole', *(c.callback.__name__ for c in app.registered_commands + data_app.registered_commands), 'data')
