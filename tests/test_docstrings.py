"The one-line examples in the docstrings of the names that are relied on from outside (the contracts) are true."
import importlib, inspect, re
from pathlib import Path

import pytest
import torch
from torch import nn

import arm_nb

CONTRACTS = {'divergence': 'soft_cross_entropy js_div mean_kl_div ce_div', 'regularizers': 'batch_entropy sharpness l2_norm total_variation', 'recall': 'nonlocality recall_objective recall',
             'models': 'MLP resnet18', 'arm': 'ArmConfig ArmConfig.preset ARM', 'learner': 'Strategy Learner', 'metrics': 'average_accuracy forgetting task_forgetting', 'experiment': 'run', 'sweeps': 'sweep', 'record': 'load_runs', 'stats': 'verdict'}
NAMES = [f'{module}.{name}' for module, names in CONTRACTS.items() for name in names.split()]


def thing(path):
    module, *names = path.split('.')
    found = importlib.import_module(f'arm_nb.{module}')
    for name in names: found = getattr(found, name)
    return found


@pytest.fixture(scope='module')
def at_hand(tmp_path_factory):
    "What the examples take for granted: the library's names, a network, a batch, a folder"
    names = {k: v for m in (*CONTRACTS, 'streams') for k, v in vars(importlib.import_module(f'arm_nb.{m}')).items()}
    torch.manual_seed(0)
    return names | dict(torch=torch, net=nn.Sequential(nn.Flatten(), nn.Linear(20, 2)), x=torch.rand(3, 1, 4, 5), folder=tmp_path_factory.mktemp('runs'))


@pytest.mark.parametrize('path', NAMES)
def test_example(path, at_hand):
    text = re.search(r'^Example: .*?\.$(?=\n\n|\Z|\n\w+:)', inspect.getdoc(thing(path)), re.M | re.S)[0]     # it may go on in the next line
    code, said = re.fullmatch(r'Example: `(.*?)` is (.*)\.', ' '.join(text.split())).groups()
    value = eval(code, dict(at_hand))
    assert repr(value.item() if hasattr(value, 'item') else value) == said


@pytest.mark.parametrize('path', NAMES)
def test_errors_are_named(path): assert re.search(r'\w+Error|NonFiniteLoss|Stopped', inspect.getdoc(thing(path)))


MODULES = sorted(p.relative_to(Path(arm_nb.__file__).parent).with_suffix('').as_posix().replace('/', '.') for p in Path(arm_nb.__file__).parent.rglob('*.py') if p.name[0] != '_')


def documented(module):
    "(name, docstring) of each public function and class of a module, and of their methods"
    found = importlib.import_module(f'arm_nb.{module}')
    for name in found.__all__:
        thing = getattr(found, name)
        if getattr(thing, '__module__', '') != found.__name__: continue
        yield name, inspect.getdoc(thing) or ''
        if inspect.isclass(thing): yield from ((f'{name}.{k}', inspect.getdoc(v)) for k, v in vars(thing).items() if k[0] != '_' and getattr(v, '__doc__', None))


@pytest.mark.parametrize('module', MODULES)
def test_what_is_raised_stands_on_a_line_of_its_own(module):
    "Unless it is the first thing said: of a function that does nothing but refuse."
    for name, text in documented(module):
        for paragraph in re.split(r'\n\s*\n', text):
            said = re.search(r'[.!;]\s+(Raises:? )?(ValueError|TypeError|FileNotFoundError|RuntimeError|NonFiniteLoss|Stopped)\b', paragraph)
            assert paragraph.startswith('Raises: ') or not said, f'{module}.{name}: "Raises: …" behind an empty line'
