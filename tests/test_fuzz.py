"Wrong types, shapes and dtypes in public functions, and damaged files: what ends, ends with a result or with an error that names what is wrong. The short form of `benchmarks/fuzz.py`."
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]/'benchmarks'))
from fuzz import campaign, functions, names

ABSENT = {'readers.read_mnist', 'record.load_records', 'report.load_table', 'experiment.load_images', 'readers.read_folder'}      # of a file or folder that is nowhere


def test_the_arguments_that_the_fuzz_bends_are_good():
    for name, case in functions().items():
        if name in ABSENT:
            with pytest.raises(FileNotFoundError, match='/nowhere'): case.call(**case.good())
        else: case.call(**case.good())


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_nothing_ends_unclearly(seed):
    made, bad = campaign(250, seed)
    assert sum(made.values()) == 250 and not bad, bad


def test_losses_give_nan_for_nan():
    losses = [k for k, case in functions().items() if case.loss]
    assert len(losses) >= 10
    for name in losses:
        case = functions()[name]
        for argument, value in case.good().items():
            if argument in ('weight', 'x_hat', 'values', 'x') or 'logits' in argument:
                assert case.call(**{**case.good(), argument: value*float('nan')}).isnan(), (name, argument)


def test_a_message_names_an_argument_as_a_word():
    assert names('xb has shape (3,)', ['xb']) and names("state['t'] must be", ['t']) and not names('the batch is empty', ['x', 'xb', 'a_b', 'h'])
    assert names('a[0, 1] is 7', ['a']) and not names('it must be a number', ['a']) and not names('x_hat is None', ['x'])


def test_the_fuzz_calls_most_of_what_is_public():
    "A function that is neither called here nor internal to a chapter's argument is one that nobody bends."
    import importlib
    import inspect
    called = {getattr(inspect.unwrap(c.call), '__name__', '') for c in functions().values()} | {k.split('.')[-1] for k in functions()}
    for module in ('stats', 'metrics', 'divergence', 'regularizers', 'knowledge'):
        m = importlib.import_module(f'arm_nb.{module}')
        mine = {n for n in m.__all__ if inspect.isfunction(getattr(m, n)) and inspect.unwrap(getattr(m, n)).__module__ == m.__name__}
        assert mine <= called | {'check_weight'}, (module, mine - called)


def test_a_number_of_steps_or_shuffles_has_a_bound():
    "2**64 of them would never end, which no error message can tell."
    for name, argument in (('generative.search', 'steps'), ('stats.permutation_test', 'shuffles'), ('stats.sign_flip_test', 'shuffles'), ('brain.swap_test', 'shuffles')):
        case = functions()[name]
        with pytest.raises(ValueError, match=argument): case.call(**{**case.good(), argument: 2**64})
