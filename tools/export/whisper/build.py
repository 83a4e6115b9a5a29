"""From a Whisper checkpoint to a folder that ``models.speech.whisper`` opens; it appears whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from models.manifest import sha256_of
from models.qwen_vl.folder import FileMark
from models.speech.whisper import selftest
from models.speech.whisper.folder import DESCRIPTION, FORMAT, Description, Quant, SpeechFolder
from models.speech.whisper.model import WhisperModel
from tools.export.build import Origin, Progress, appearing, ignore, tokenizer_of
from tools.export.checkpoint import Checkpoint
from tools.export.errors import ExportError
from tools.export.graph import save
from tools.export.weights import WeightFile
from tools.export.whisper.checkpoint import Tensors, open_whisper_checkpoint, shape_of, suppressed
from tools.export.whisper.decoder import decoder_graph, head_graph, store_decoder
from tools.export.whisper.encoder import encoder_graph, store_encoder
from tools.export.whisper.layers import Writer


def build_whisper(
    source: Path,
    target: Path,
    quant: Quant = "int8",
    progress: Progress = ignore,
    origin: Origin | None = None,
) -> Description:
    """Build the checkpoint in folder ``source`` into the folder ``target``, which must not exist.

    Raises ExportError, BackendError.
    """
    if target.exists():
        raise ExportError(f"{target} is there already: remove it, or build under another name")
    checkpoint = open_whisper_checkpoint(source)
    shape = shape_of(checkpoint.config)
    tokenizer_of(checkpoint, shape.vocabulary)
    never, first = suppressed(checkpoint.config)
    with appearing(target) as folder:
        about = Description(
            format=FORMAT,
            name=target.name,
            quant=quant,
            shape=shape,
            source=origin.name if origin else source.resolve().name,
            licence=origin.licence if origin and origin.licence else "as its checkpoint",
            suppress=never,
            suppress_first=first,
            tensors={},
            files={},
        )
        return _write(folder, about, checkpoint, progress)


def _write(folder: Path, about: Description, checkpoint: Checkpoint, progress: Progress) -> Description:
    (folder / "tokenizer.json").write_bytes(checkpoint.files["tokenizer.json"])
    whole = folder / "whole"
    whole.mkdir()
    first = _halves(whole, msgspec.structs.replace(about, quant="none"), checkpoint, progress)
    model = WhisperModel(SpeechFolder.of(whole, first), threads=2, pack=False)
    selftest.write(folder, model)
    model.close()
    if about.quant == "none":
        for file in whole.iterdir():
            file.rename(folder / file.name)
        made = first
    else:
        made = _halves(folder, about, checkpoint, progress)
    shutil.rmtree(whole)
    model = WhisperModel(SpeechFolder.of(folder, made), threads=2, pack=False)
    selftest.check(model)
    model.close()
    return _describe(folder, made, progress)


def _halves(folder: Path, about: Description, checkpoint: Checkpoint, progress: Progress) -> Description:
    """Write weights and graphs; what is told of them."""
    tensors, shape, quant = Tensors(checkpoint), about.shape, about.quant
    said = "float32, for the self-test" if folder.name == "whole" else quant
    progress(f"encoder, {said}", 0, 3)
    with WeightFile(folder / "encoder.data") as encoder:
        store_encoder(Writer(encoder, tensors, quant), shape)
    save(encoder_graph(encoder.tensors, shape, quant), folder / "encoder.onnx")
    progress(f"decoder, {said}", 1, 3)
    fine: Quant = "weights8" if quant == "int8" else quant
    with WeightFile(folder / "decoder.data") as decoder:
        store_decoder(Writer(decoder, tensors, fine), shape)
    save(decoder_graph(decoder.tensors, shape, fine), folder / "decoder.onnx")
    save(head_graph(decoder.tensors, shape, fine), folder / "head.onnx")
    files = {file.path.name: FileMark(file.sha256, file.size) for file in (encoder, decoder)}
    files |= {path.name: FileMark(sha256_of(path), path.stat().st_size) for path in folder.glob("*.onnx")}
    return msgspec.structs.replace(about, tensors=decoder.tensors, files=files)


def _describe(folder: Path, about: Description, progress: Progress) -> Description:
    files = {
        path.name: about.files.get(path.name) or FileMark(sha256_of(path), path.stat().st_size)
        for path in sorted(folder.iterdir())
    }
    whole = msgspec.structs.replace(about, files=files)
    (folder / DESCRIPTION).write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1))
    progress("self-test", 3, 3)
    return whole
