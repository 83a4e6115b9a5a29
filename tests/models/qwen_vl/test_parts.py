from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base import ManifestError
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.lookup import Lookup
from models.qwen_vl.prefix import Prefixes, common
from models.qwen_vl.sampling import Sampler, Sampling
from models.qwen_vl.stops import StopWords
from models.qwen_vl.template import PLAIN, Template
from tests.models.qwen_vl.conftest import SHAPE


@given(
    st.text("abc", max_size=40), st.lists(st.text("abc", min_size=1, max_size=4), max_size=3), st.randoms()
)
def test_stop_words_are_found_however_the_text_comes(text: str, words: list[str], rng: random.Random) -> None:
    stops, shown, at = StopWords(words), "", 0
    hit = False
    while at < len(text) and not hit:
        size = rng.randint(1, 5)
        new, hit = stops.add(text[at : at + size])
        shown, at = shown + new, at + size
    if not hit:
        shown += stops.flush()
    ends = [i for word in words if (i := text.find(word)) >= 0]
    assert hit == bool(ends)
    assert shown == stops.said
    assert not any(word in shown for word in words)
    if not ends:
        assert shown == text


def test_a_draw_follows_the_probabilities_and_its_limits() -> None:
    logits = np.log(np.array([0.5, 0.25, 0.15, 0.07, 0.03], np.float32))

    def drawn(**how: float) -> Counter[int]:
        sampler = Sampler(Sampling(temperature=1.0, **how))  # type: ignore[arg-type]
        return Counter(sampler.choose(logits, [])[0] for _ in range(4000))

    free = drawn()
    assert abs(free[0] / 4000 - 0.5) < 0.03
    assert abs(free[3] / 4000 - 0.07) < 0.02
    assert set(drawn(top_p=0.7)) == {0, 1}
    assert set(drawn(top_k=3)) == {0, 1, 2}
    assert set(drawn(min_p=0.2)) == {0, 1, 2}
    assert set(drawn(top_p=0.01)) == {0}


def test_a_mask_and_a_penalty_change_the_choice() -> None:
    logits = np.array([3.0, 2.9, -1.0], np.float32)
    greedy = Sampler(Sampling())
    assert greedy.choose(logits, [])[0] == 0
    assert greedy.choose(logits, [], np.array([False, False, True]))[0] == 2
    assert Sampler(Sampling(repetition_penalty=1.2)).choose(logits, [0])[0] == 1
    assert np.isclose(greedy.choose(logits, [])[1], np.log(np.exp(3.0) / np.exp(logits).sum()))


def test_a_lookup_guesses_what_followed_the_longest_match() -> None:
    lookup = Lookup([1, 2, 3, 4, 9, 2, 3, 5, 1, 2, 3])
    assert lookup.guess(3) == [4, 9, 2]
    assert Lookup([1, 2, 3]).guess(5) == []
    assert Lookup([7, -5, 9, 7]).guess(2) == []  # a picture is no guess


def test_a_lookup_that_is_wrong_is_asked_less_and_one_that_is_right_guesses_further() -> None:
    wrong, right = Lookup([1, 2, 3, 4, 5, 6, 7, 8, 1]), Lookup([1, 2, 3, 4, 5, 6, 7, 8, 1])
    first = len(wrong.guess(11))
    for _ in range(3):
        wrong.guess(11)
        wrong.learn(0)
        right.guess(11)
        right.learn(7)
    assert wrong.guess(11) == []
    assert len(right.guess(11)) > first > 0


def test_a_cache_grows_and_forks_without_losing_a_value() -> None:
    cache = KvCache(SHAPE, "int8", capacity=4)
    cache.k[0][:, :, :3] = np.arange(3)[None, None, :, None]
    cache.extend([5, 6, 7], np.tile(np.arange(3), (3, 1)))
    cache.reserve(2000)
    other = cache.fork(2)
    cache.keep(1)
    assert cache.capacity >= 2000
    assert (other.items, other.next_position) == ([5, 6], 2)
    assert other.k[0][0, 0, :2, 0].tolist() == [0, 1]
    other.k[0][:] = 9
    assert cache.k[0][0, 0, 1, 0] == 1


def test_prefixes_keep_within_their_budget_and_give_the_most_alike() -> None:
    def cache_of(items: list[int]) -> KvCache:
        cache = KvCache(SHAPE, "int8")
        cache.extend(items, np.tile(np.arange(len(items)), (3, 1)))
        return cache

    prefixes = Prefixes(3 * cache_of([]).bytes)
    for last in range(5):
        prefixes.give(cache_of([*range(30), last]))
    assert prefixes.bytes <= 3 * cache_of([]).bytes
    found = prefixes.take([*range(30), 3, 77])
    assert found is not None
    assert found.items == [*range(30), 3]
    assert prefixes.take([0] * 40) is None
    assert common([1, 2, 3], [1, 2, 4]) == 2


def render(source: str) -> str:
    return Template(source).render([{"role": "user", "content": "hi"}])


def test_a_template_renders_as_transformers_renders_it() -> None:
    assert render(PLAIN) == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    assert render("{{ messages | tojson }}") == '[{"role": "user", "content": "hi"}]'


@pytest.mark.parametrize(
    "source",
    [
        "{{ messages.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
        "{{ raise_exception.__globals__.os }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].update({'role': 'system'}) }}",
        "{% for i in range(10000000) %}{{ i }}{% endfor %}",
        "{% for i in range(90000) %}{{ 'x' * 100 }}{% endfor %}",
        "{{ 'x' * 10000000000 }}",
        "{{ [0] * 10000000000 }}",
        "{{ 'x'.ljust(10000000000) }}",
        "{{ '%10000000000d' % 1 }}",
        "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% for i in 'x' * 9999 %}{% for j in 'x' * 9999 %}{% if i == j %}{% endif %}{% endfor %}{% endfor %}",
        "{{ raise_exception('no system prompt') }}",
        "{% include '/etc/passwd' %}",
        "{{ open('/etc/passwd') }}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{{ strftime_now('%Y') }}",
        "{{ 2 ** (10 ** 10) }}",
        "{{ unclosed",
        "{{ ('x' * 2000000) | replace('x', 'y' * 900) }}",
        "{{ ('x' * 2000000).replace('x', 'y' * 900) }}",
        "{{ ('x' * 1000000) | join('y' * 5000) }}",
        "{{ ('y' * 5000).join('x' * 1000000) }}",
        "{{ '%2000000000d' | format(1) }}",
        "{{ '{:2000000000d}'.format(1) }}",
        "{{ ('\\t' * 100000).expandtabs(1999999) }}",
        "{{ [1] | batch(200000000, 'x') | list }}",
        "{{ [1] | slice(200000000) | list }}",
        "{{ lipsum(n=1999999) }}",
        "{{ 12345 | round(-100000000) }}",
        "{% set n = namespace(x=3) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}",
        "{% set n = namespace(x=[]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x=1) %}{% for i in range(60) %}{% set n.x = dict(a=n.x, b=n.x) %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x=1) %}{% for i in range(60) %}{% set n.x = namespace(a=n.x, b=n.x) %}{% endfor %}"
        "{{ n.x }}",
        "{% set n = namespace(a='ab') %}{% for i in range(60) %}{% set b %}{{ n.a }}{{ n.a }}{% endset %}"
        "{% set n.a = b %}{% endfor %}",
        "{% macro m(x) %}{{ x }}{{ x }}{% endmacro %}{% set n = namespace(a='ab') %}"
        "{% for i in range(60) %}{% set n.a = m(n.a) %}{% endfor %}",
        "{% set a %}{% for i in range(90000) %}" + "x" * 60000 + "{% endfor %}{% endset %}",
        "{% for i in range(90000) %}{% set x = range(90000) | list %}{% endfor %}",
        "{% set s = 'x' * 1999999 %}{% for i in range(90000) %}{% set x = s[1:] %}{% endfor %}",
        "{% set s = 'x' * 1999999 %}{% for i in range(90000) %}{% set x = s.upper() %}{% endfor %}",
        "{% set s = 'x' * 1999999 %}{% for i in range(90000) %}{% if ('x' * 900000 ~ 'y') in s %}{% endif %}"
        "{% endfor %}",
        "{% set l = range(90000) | list %}{{ l | reject('in', l) | list }}",
        "{% set l = range(90000) | list %}{% for i in l %}{% if 'q' in l %}{% endif %}{% endfor %}",
        "{{ (['a' * 1999999] * 999) | tojson }}",
        "{{ ([range(90000) | list] * 900) | sum(start=[]) }}",
        "{{ raise_exception('x' * 1000000) }}",
        "{{ strftime_now('%Y' * 1000000) }}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{% if 1 %}" * 300 + "{% endif %}" * 300,
        "{% for i in x %}" * 40 + "{% endfor %}" * 40,
        "{{ " + "not " * 20000 + "1 }}",
        "{% break %}",
        "x" * 1000001,
    ],
)
def test_a_template_can_not_escape_or_run_away(source: str) -> None:
    with pytest.raises(ManifestError, match="template") as refused:
        render(source)
    assert len(str(refused.value)) < 300  # it is read on a panel


def test_a_long_conversation_is_no_bomb() -> None:
    """As Qwen3's own template does it: loops, namespaces, slices, splits and comparisons over every turn."""
    source = (
        "{% set n = namespace(last=0) %}{% for m in messages[::-1] %}{% if m.role == 'user' and not"
        " (m.content.startswith('<tool_response>') and m.content.endswith('</tool_response>')) %}"
        "{% set n.last = messages | length - loop.index0 %}{% break %}{% endif %}{% endfor %}"
        "{% for m in messages %}{% set c = m.content %}{% if '</think>' in c %}"
        "{% set c = c.split('</think>')[-1] | trim %}{% endif %}"
        "{{ '<|im_start|>' + m.role + '\\n' + c + '<|im_end|>' + '\\n' }}{% endfor %}"
    )
    turns = [
        {"role": ("user", "assistant")[at % 2], "content": "How much is the milk? " * 40}
        for at in range(2000)
    ]
    made = Template(source).render(turns)
    assert made.count("<|im_start|>") == 2000
    assert len(made) > 1_700_000
