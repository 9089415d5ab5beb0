"""Automatic Recall Machines: a network learns one task after another and recalls the earlier ones.

What one needs first stands here, and is imported when it is first used:

    from arm_nb import run, sweep, Stream
    record = run(method='arm', seed=0)
"""
from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

__version__ = "0.1.0"

if _TYPE_CHECKING:
    from .arm import ARM as ARM, ArmConfig as ArmConfig
    from .experiment import run as run
    from .learner import METHODS as METHODS, Learner as Learner
    from .learner import Strategy as Strategy, register as register
    from .metrics import average_accuracy as average_accuracy, forgetting as forgetting
    from .models import MLP as MLP, resnet18 as resnet18
    from .record import RunRecord as RunRecord, load_runs as load_runs
    from .streams import Stream as Stream, get_stream as get_stream, register_data as register_data
    from .sweeps import sweep as sweep

_FROM = {
    'ARM': 'arm',
    'ArmConfig': 'arm',
    'Strategy': 'learner',
    'Learner': 'learner',
    'register': 'learner',
    'Stream': 'streams',
    'get_stream': 'streams',
    'register_data': 'streams',
    'run': 'experiment',
    'sweep': 'sweeps',
    'load_runs': 'record',
    'RunRecord': 'record',
    'MLP': 'models',
    'resnet18': 'models',
    'average_accuracy': 'metrics',
    'forgetting': 'metrics',
    'METHODS': 'methods',       # all of them: `methods` imports every method, `learner` holds them
}
__all__ = [*_FROM]


def __getattr__(name):
    if name not in _FROM: raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    value = globals()[name] = getattr(_import_module(f'.{_FROM[name]}', __name__), name)
    return value


def __dir__():
    public = {name for name in globals() if name[:1] != '_' or name[:2] == '__'}
    return sorted(public | {*_FROM})
