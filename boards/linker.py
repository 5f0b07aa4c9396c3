"""Linker scripts, written from board.toml."""

from __future__ import annotations

from .board import MemoryMap

BOOT_BYTES = 256


def linker_script(memory: MemoryMap, *, boot: bool) -> str:
    """The script for a board.

    The stack lies lowest, so that what overflows it hits the end of the memory and not other data. The regions are
    declared without a limit: the build compares sizes itself, and says more than the linker would.
    """
    regions = {r.name: r for r in (memory.code, memory.image, memory.data, memory.arena)}
    lines = "\n".join(f"    {name} : ORIGIN = {r.address:#x}, LENGTH = 1024M" for name, r in regions.items())
    code, image, data, arena = memory.code.name, memory.image.name, memory.data.name, memory.arena.name
    boot2 = f"    .boot2 : {{ KEEP(*(.boot2)) . = {BOOT_BYTES}; }} > {code}\n" if boot else ""
    return f"""/* Written by rillet from board.toml. */
MEMORY
{{
{lines}
}}
ENTRY(reset_handler)
SECTIONS
{{
{boot2}    .text :
    {{
        KEEP(*(.vectors))
        *(.text .text.* .rodata .rodata.* .srodata .srodata.*)
        . = ALIGN(4);
    }} > {code}
    .image : ALIGN(64) {{ KEEP(*(.fw_image)) . = ALIGN(4); }} > {image}
    .stack (NOLOAD) :
    {{
        port_stack_low = .;
        . += {memory.stack_bytes};
        port_stack_top = .;
    }} > {data}
    .data : ALIGN(4)
    {{
        port_data_start = .;
        *(.data .data.* .sdata .sdata.*)
        . = ALIGN(4);
        port_data_end = .;
    }} > {data} AT > {code}
    port_data_load = LOADADDR(.data);
    .arena (NOLOAD) : ALIGN(64) {{ *(.bss.fw_arena) }} > {arena}
    .bss (NOLOAD) : ALIGN(4)
    {{
        port_bss_start = .;
        *(.bss .bss.* .sbss .sbss.* COMMON)
        . = ALIGN(4);
        port_bss_end = .;
    }} > {data}
    __global_pointer$ = port_data_start + 0x800;
    /DISCARD/ : {{ *(.ARM.exidx* .ARM.extab* .eh_frame* .comment .note*) }}
}}
"""
