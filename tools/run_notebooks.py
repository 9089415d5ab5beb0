"""Run notebooks from top to bottom, in the order of their names, and save their outputs in them; `nbdev_clean` follows.

    python tools/run_notebooks.py                 those whose code differs from that on main (on main: from the last commit)
    python tools/run_notebooks.py NOTEBOOK ...    these
    python tools/run_notebooks.py --all           all under nbs/

Prose, comments and directives may change without a run. A change of the library is not seen: name the notebooks that show it.

Sums are taken in an order that every x86 processor has (EXACT; about half as fast), so that a run which several pages make has one number on
all of them, whoever ran it. Pages that measure time run as fast as they can.
"""
import ast, os, subprocess, sys, tempfile, time
from pathlib import Path

os.environ['MPLBACKEND'] = 'module://matplotlib_inline.backend_inline'
import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient
from tqdm import tqdm

root = Path(__file__).resolve().parents[1]
EXACT = dict(MKL_CBWR='COMPATIBLE', ATEN_CPU_CAPABILITY='default', ONEDNN_MAX_CPU_ISA='SSE41')
TIMED = {'55_cost.ipynb', 'explore.ipynb'}
WIDGET = 'application/vnd.jupyter.widget-view+json'   # alive only beside a kernel: the page shows the figure that stands beside it


def notebooks(): return sorted(p for p in (root/'nbs').rglob('*.ipynb') if not any(d[0] in '._' for d in p.relative_to(root).parts))


def code(nb):
    "What a notebook computes: its code cells without comments and layout"
    plain = TransformerManager().transform_cell
    return [ast.dump(ast.parse(plain(c.source))) for c in nb.cells if c.cell_type == 'code' and c.id != 'colab']


def changed():
    "Notebooks whose code is not that of the commit at which this branch left main"
    git = lambda *args: subprocess.run(['git', '-C', root, *args], capture_output=True, text=True)
    left = [git('merge-base', 'HEAD', name).stdout.strip() for name in ('main', 'origin/main')]   # a clone of one branch has only the second
    base = next(filter(None, left), 'HEAD')
    then = {p: git('show', f'{base}:{p.relative_to(root).as_posix()}') for p in notebooks()}
    return [p for p, old in then.items() if old.returncode or code(nbformat.reads(old.stdout, 4)) != code(nbformat.read(p, 4))]


def run(path):
    nb, start = nbformat.read(path, as_version=4), time.time()
    same = {} if path.name in TIMED else EXACT
    client = NotebookClient(nb, timeout=None, kernel_name='python3', store_widget_state=False, resources={'metadata': {'path': str(path.parent)}})
    with tempfile.TemporaryDirectory() as scratch: client.execute(env={**os.environ, **same, 'TMPDIR': scratch})   # what cells leave in folders of their own goes with it
    for c in nb.cells:
        if c.cell_type == 'code': c.outputs = [o for o in c.outputs if WIDGET not in o.get('data', {})]
    nbformat.write(nb, path)  # reached only when every cell ran: a notebook that fails keeps its old outputs
    return time.time() - start


def main(args):
    todo = notebooks() if args == ['--all'] else [Path(a).resolve() for a in args] or changed()
    if not todo: print('No notebook has other code than on main. To run one all the same: make notebooks NB=nbs/04_metrics.ipynb')
    for p in (bar := tqdm(todo, disable=None)):
        bar.set_description(p.name)
        print(f'{p.relative_to(root)}: {run(p):.1f} s', flush=True)
        subprocess.run([Path(sys.executable).parent/'nbdev_clean', '--fname', p], cwd=root, check=True)


if __name__ == '__main__': main(sys.argv[1:])
