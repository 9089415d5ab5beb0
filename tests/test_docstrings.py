"The one-line examples in the docstrings of the names that are relied on from outside (the contracts) are true."
import importlib, inspect, re

import pytest
import torch
from torch import nn

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
