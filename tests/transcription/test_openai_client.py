"""OpenAI's own client against the transcriber: whatever it sends is understood, whatever is wrong is told its way."""

from collections.abc import AsyncIterator

import openai
import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from tests.transcription.conftest import KEY, settings
from tests.transcription.test_files import SENTENCES, wav
from transcription import languages
from transcription.measuring import running
from transcription.voice import RATE, Samples

TEXT = "".join(SENTENCES)


@pytest.fixture(scope="module")
def sound(petitioner: Samples) -> bytes:
    return wav(petitioner[20 * RATE : 42 * RATE])


@pytest.fixture(scope="module")
def sentence(petitioner: Samples) -> bytes:
    return wav(petitioner[22 * RATE : 27 * RATE])


@pytest.fixture
async def client() -> AsyncIterator[openai.AsyncOpenAI]:
    async with running(settings()) as (address, service):
        service.engine.load()
        async with openai.AsyncOpenAI(base_url=f"http://{address}/v1", api_key=KEY, max_retries=0) as made:
            yield made


async def test_models_are_listed_and_one_is_shown(client: openai.AsyncOpenAI) -> None:
    listed = [model.id async for model in client.models.list()]
    assert listed == ["model"]
    assert (await client.models.retrieve("model")).owned_by == "jietan"
    with pytest.raises(openai.NotFoundError) as unknown:
        await client.models.retrieve("another/one")
    assert unknown.value.code == "model_not_found"


async def test_words_and_segments_of_a_file(client: openai.AsyncOpenAI, sound: bytes, sentence: bytes) -> None:
    heard = await client.audio.transcriptions.create(
        file=("talk.wav", sound), model="whisper-1", language="zh", prompt="何德顺 柳林镇", temperature=0.2,
        response_format="verbose_json", timestamp_granularities=["word", "segment"],
    )  # fmt: skip
    assert heard.text == TEXT
    assert heard.segments is not None
    assert heard.words is not None
    assert [s.text for s in heard.segments] == SENTENCES
    assert "".join(w.word for w in heard.words) == TEXT
    assert all(0 <= a.start <= a.end <= b.start for a, b in zip(heard.words, heard.words[1:], strict=False))
    given = {"file": ("t.wav", sentence), "model": "model", "response_format": "verbose_json"}
    plain = await client.audio.transcriptions.create(**given)  # type: ignore[call-overload]
    assert (plain.text, plain.words) == (SENTENCES[0], None)


@pytest.mark.slow
async def test_other_formats(client: openai.AsyncOpenAI, sentence: bytes) -> None:
    given = {"file": ("talk.wav", sentence), "model": "model"}
    assert (await client.audio.transcriptions.create(**given)).text == SENTENCES[0]  # type: ignore[call-overload]
    text, srt, vtt = [
        await client.audio.transcriptions.create(**given, response_format=name)  # type: ignore[call-overload]
        for name in ("text", "srt", "vtt")
    ]
    assert text == SENTENCES[0]
    cues = srt.strip().split("\n\n")
    assert [cue.split("\n")[2] for cue in cues] == SENTENCES[:1]
    assert cues[0].startswith("1\n00:00:00,")
    assert vtt.startswith("WEBVTT\n\n00:00:00.")
    assert SENTENCES[0] in vtt


async def test_the_language_may_be_left_to_the_model(client: openai.AsyncOpenAI, sentence: bytes) -> None:
    heard = await client.audio.transcriptions.create(file=("talk.wav", sentence), model="model", language="auto")
    assert heard.text == SENTENCES[0]


@pytest.mark.parametrize(
    ("wrong", "kind", "param"),
    [
        ({"model": "gpt-5"}, openai.NotFoundError, "model"),
        ({"language": "xx"}, openai.BadRequestError, "language"),
        ({"response_format": "docx"}, openai.BadRequestError, "response_format"),
        ({"temperature": 3}, openai.BadRequestError, "temperature"),
        ({"timestamp_granularities": ["letter"]}, openai.BadRequestError, None),
        ({"file": ("talk.wav", b"hello" * 100)}, openai.UnprocessableEntityError, None),
    ],
)
async def test_what_is_wrong_is_told_in_openais_way(
    client: openai.AsyncOpenAI, sound: bytes, wrong: dict[str, object], kind: type[openai.APIStatusError], param: str | None
) -> None:
    given: dict[str, object] = {"file": ("talk.wav", sound), "model": "model", **wrong}
    with pytest.raises(kind) as refused:
        await client.audio.transcriptions.create(**given)  # type: ignore[call-overload]
    assert refused.value.type == "invalid_request_error"
    assert refused.value.code
    if param:
        assert refused.value.param == param


async def test_a_wrong_key_and_a_missing_model_are_told(sound: bytes) -> None:
    async with running(settings(model="/nowhere/model")) as (address, service):
        service.engine.load()
        async with openai.AsyncOpenAI(base_url=f"http://{address}/v1", api_key=KEY, max_retries=0) as client:
            with pytest.raises(openai.InternalServerError) as missing:
                await client.audio.transcriptions.create(file=("talk.wav", sound), model="whisper-1")
            assert (missing.value.status_code, missing.value.code) == (503, "model_missing")
            assert [m async for m in client.models.list()] == []
            with pytest.raises(openai.AuthenticationError):
                await client.with_options(api_key="wrong").models.list()


def test_the_languages_are_those_of_whisper() -> None:
    assert set(_LANGUAGE_CODES) == languages._CODES
