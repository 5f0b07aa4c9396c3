"""Linker scripts, written from board.toml."""

from __future__ import annotations

from .board import MemoryMap


def linker_script(memory: MemoryMap, slots: tuple[int, int] | None = None) -> str:
    """The script for a board.

    The stack lies lowest, so that what overflows it hits the end of the memory and not other data. The regions are
    declared without a limit: the build compares sizes itself, and says more than the linker would.

    Args:
        slots: addresses of the two model slots of updatable firmware.
    """
    regions = {r.name: r for r in (*memory.regions,)}
    lines = "\n".join(f"    {name} : ORIGIN = {r.address:#x}, LENGTH = 1024M" for name, r in regions.items())
    code, image, data, arena = memory.code.name, memory.image.name, memory.data.name, memory.arena.name
    fast = (
        f"    .fast_arena (NOLOAD) : ALIGN(64) {{ *(.bss.fw_fast_arena) }} > {memory.fast.name}\n"
        if memory.fast
        else ""
    )
    constants, read_only = memory.constants.name, "*(.rodata .rodata.* .srodata .srodata.*)"
    apart = f"    .constants : ALIGN(64) {{ {read_only} . = ALIGN(4); }} > {constants}\n" if constants != code else ""
    slots_text = "".join(
        f"    .slot_{i} {address:#x} : {{ KEEP(*(.fw_slot_{i})) }} > {image}\n" for i, address in enumerate(slots or ())
    )
    slots_text += f"    fw_slots = {slots[0]:#x};\n" if slots else ""
    return f"""/* Written by rillet from board.toml. */
MEMORY
{{
{lines}
}}
ENTRY(reset_handler)
SECTIONS
{{
    .boot2 : {{ KEEP(*(.boot2)) }} > {code}
    .text :
    {{
        KEEP(*(.vectors))
        KEEP(*(.boot))
        *(.text .text.*)
        {"" if apart else read_only}
        . = ALIGN(4);
    }} > {code}
{apart}    .image : ALIGN(64) {{ KEEP(*(.fw_image)) . = ALIGN(4); }} > {image}
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
    }} > {data} AT > {constants}
    port_data_load = LOADADDR(.data);
    port_flash_end = port_data_load + SIZEOF(.data);
    .arena (NOLOAD) : ALIGN(64) {{ *(.bss.fw_arena) }} > {arena}
{fast}    .bss (NOLOAD) : ALIGN(4)
    {{
        port_bss_start = .;
        *(.bss .bss.* .sbss .sbss.* COMMON)
        . = ALIGN(4);
        port_bss_end = .;
    }} > {data}
{slots_text}    __global_pointer$ = port_data_start + 0x800;
    /DISCARD/ : {{ *(.ARM.exidx* .ARM.extab* .eh_frame* .comment .note*) }}
}}
"""
