"Wrong types, shapes and dtypes in public functions, and damaged files: what ends, ends with a result or with an error that names what is wrong. The short form of `benchmarks/fuzz.py`."
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]/'benchmarks'))
from fuzz import campaign, functions, names

ABSENT = {'readers.read_mnist', 'record.load_records'}      # of a folder that is nowhere


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
