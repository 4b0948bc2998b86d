"""Which codes of pictures and sound are read, and by which decoders."""

from __future__ import annotations

from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext

from ..errors import MediaError
from .file_kinds import is_program_stream, read_head

# By FFmpeg's names: what phones, cameras, screen recorders, editors and web pages write. Others are
# left out, because decoders of rare kinds are attacked with crafted files.
_PICTURES = (
    *("h264", "hevc", "av1", "vp8", "vp9", "mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v3"),
    *("h263", "mjpeg", "theora", "gif", "png", "prores", "dnxhd", "cfhd", "dvvideo", "qtrle"),
    *("ffv1", "huffyuv", "ffvhuff", "utvideo", "rawvideo", "v210"),
)
_SOUNDS = (
    *("aac", "aac_latm", "mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float", "ac3", "eac3"),
    *("opus", "libopus", "vorbis", "libvorbis", "flac", "alac", "amrnb", "amrwb", "dca", "truehd"),
    *("pcm_alaw", "pcm_mulaw", "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le"),
    *("pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_bluray", "pcm_dvd"),
    *("adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt"),
)


def decoders_for_opening(path: Path) -> str:
    """The decoders that FFmpeg may use while it opens a file, as its option `codec_whitelist`.

    They are those of sound. FFmpeg would decode a picture of each track, of any size: the limits of
    a picture can be set only afterwards. Only in an MPEG program stream are the pictures of MPEG-1
    needed, for their times; they have at most 4095 pixels a side.
    """
    pictures = ("mpeg1video",) if is_program_stream(read_head(path)) else ()
    return ",".join((*_SOUNDS, *pictures))


def check_codec(path: Path, context: VideoCodecContext | None) -> None:
    """Raise MediaError if the pictures of a clip are coded in a way that is not read."""
    if context is None:
        raise MediaError(
            path, "its pictures have a format that cannot be read here; save it as H.264 MP4"
        )
    name = context.codec.canonical_name
    if name not in _PICTURES:
        raise MediaError(
            path, f"its pictures are coded as {name}, which is not read; save it as H.264 MP4"
        )


def sound_track(container: InputContainer) -> AudioStream | None:
    """The first sound of an opened clip; None if there is none that can be read."""
    tracks = container.streams.audio[:1]
    return tracks[0] if tracks and not unread_sound(container) else None


def unread_sound(container: InputContainer) -> str:
    """How the first sound of an opened clip is coded if that is not read, otherwise empty."""
    for track in container.streams.audio[:1]:
        if track.codec_context is None:
            return "an unknown format"
        if track.codec_context.name not in _SOUNDS:
            return str(track.codec_context.name)
    return ""
