"""A checkpoint to a folder that faster-whisper loads: CTranslate2's model, tokenizer.json, preprocessor_config.json."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ctranslate2.specs import whisper_spec
from torch import Tensor

from deploy.asr_model.network import Attention, Config, Layer, Network, load_state
from deploy.asr_model.training import CHECKPOINT, VOCABULARY
from deploy.asr_model.vocabulary import LANGUAGES, Vocabulary

_WINDOW_S = 10  # training sees no longer ones


def convert(trained: Path, folder: Path) -> None:
    """The averaged model of a training's folder, in int8."""
    vocabulary = Vocabulary.read(trained / VOCABULARY)
    state, _ = load_state(trained / CHECKPOINT)
    network = Network(Config(vocabulary.plain, len(state["syll.bias"])))
    network.load_state_dict(state)
    spec = _spec(network.eval(), vocabulary)
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    _write(folder / "vocabulary.json", vocabulary.names)  # in place of one token a line
    _write(folder / "tokenizer.json", tokenizer(vocabulary))
    _write(folder / "preprocessor_config.json", {
        "feature_extractor_type": "WhisperFeatureExtractor", "feature_size": 80, "sampling_rate": 16000,
        "hop_length": 160, "n_fft": 400, "chunk_length": _WINDOW_S})


def tokenizer(vocabulary: Vocabulary) -> dict[str, Any]:
    """tokenizer.json: BPE without merges, bytes for characters that are not known."""
    ids = {token: index for index, token in enumerate(vocabulary.names)}
    added = [
        {"id": index, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": index < vocabulary.plain}
        for token, index in ids.items() if index >= len(vocabulary.text)
    ]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": None, "post_processor": None,
        "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": True, "ignore_merges": False,
                  "vocab": ids, "merges": []},
    }


def _spec(network: Network, vocabulary: Vocabulary) -> Any:
    c = network.c
    spec = whisper_spec.WhisperSpec(c.encoder_layers, c.heads, c.decoder_layers, c.heads)
    encoder, decoder = spec.encoder, spec.decoder
    _linear(encoder.conv1, network.conv1)
    _linear(encoder.conv2, network.conv2)
    encoder.position_encodings.encodings = _array(network.enc_pos)
    decoder.position_encodings.encodings = _array(network.dec_pos)
    _norm(encoder.layer_norm, network.enc_ln)
    _norm(decoder.layer_norm, network.dec_ln)
    for part, layer in zip([*encoder.layer, *decoder.layer], [*network.enc, *network.dec], strict=True):
        _layer(part, layer)
    table = _array(network.table())
    decoder.embeddings.weight, decoder.projection.weight = table, table  # made one by optimize()
    spec.register_vocabulary(vocabulary.names)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [vocabulary.ids[" "], vocabulary.end]
    spec.config.lang_ids = list(range(vocabulary.start + 1, vocabulary.start + 1 + len(LANGUAGES)))
    spec.config.alignment_heads = [[c.decoder_layers - 1, head] for head in range(c.align_heads)]
    return spec


def _layer(part: Any, layer: Layer) -> None:
    attention = layer.attn
    _norm(part.self_attention.layer_norm, layer.ln1)
    _joined(part.self_attention.linear[0], attention, ("q", "k", "v"))
    _linear(part.self_attention.linear[-1], attention.o)
    if hasattr(layer, "cross"):
        _norm(part.attention.layer_norm, layer.ln2)
        _linear(part.attention.linear[0], layer.cross.q)
        _joined(part.attention.linear[1], layer.cross, ("k", "v"))
        _linear(part.attention.linear[-1], layer.cross.o)
    _norm(part.ffn.layer_norm, layer.ln3)
    _linear(part.ffn.linear_0, layer.fc1)
    _linear(part.ffn.linear_1, layer.fc2)


def _joined(part: Any, attention: Attention, names: tuple[str, ...]) -> None:
    """Several projections as one; Whisper's keys have no bias."""
    modules = [getattr(attention, name) for name in names]
    part.weight = _array(torch.cat([m.weight for m in modules]))
    part.bias = _array(torch.cat([torch.zeros_like(attention.q.bias) if m.bias is None else m.bias for m in modules]))


def _linear(part: Any, module: Any) -> None:
    part.weight, part.bias = _array(module.weight), _array(module.bias)


def _norm(part: Any, module: Any) -> None:
    part.gamma, part.beta = _array(module.weight), _array(module.bias)


def _array(tensor: Tensor) -> np.ndarray:
    """A copy: CTranslate2's quantizer multiplies in place and would change the network."""
    return np.array(tensor.detach().float().numpy(), copy=True, order="C")


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), "utf-8")

