/* Second boot stage of the RP2040, at the start of flash. The boot ROM copies these 256 bytes to SRAM and runs them;
 * they let the flash be read as memory and jump to the vector table that follows. The plain serial read command 03h
 * that is used here is understood by every flash chip (RP2040 datasheet, sections 2.8.1 and 4.10). The last word is a
 * checksum that the build fills in. */
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ SSI_BASE, 0x18000000
    .equ SSI_CTRLR0, 0x00
    .equ SSI_CTRLR1, 0x04
    .equ SSI_SSIENR, 0x08
    .equ SSI_BAUDR, 0x14
    .equ SSI_SPI_CTRLR0, 0xF4
    .equ VTOR, 0xE000ED08
    .equ VECTORS, 0x10000100

    .section .boot2, "ax"
    .thumb_func
boot2:
    ldr r3, =SSI_BASE
    movs r1, #0
    str r1, [r3, #SSI_SSIENR]  /* may only be configured while disabled */
    movs r1, #4                /* flash clock = system clock / 4: 31 MHz at most, below every chip's limit for 03h */
    str r1, [r3, #SSI_BAUDR]
    ldr r1, =(31 << 16) | (3 << 8) /* 32-bit frames, "EEPROM read" transfers on one data line */
    str r1, [r3, #SSI_CTRLR0]
    movs r1, #0
    str r1, [r3, #SSI_CTRLR1]  /* one frame per access */
    ldr r2, =SSI_BASE + SSI_SPI_CTRLR0
    ldr r1, =(0x03 << 24) | (2 << 8) | (6 << 2) /* command 03h, 8 command bits, 24 address bits, all on one line */
    str r1, [r2]
    movs r1, #1
    str r1, [r3, #SSI_SSIENR]

    ldr r0, =VECTORS
    ldr r1, =VTOR
    str r0, [r1]
    ldr r1, [r0, #0]
    msr msp, r1
    ldr r1, [r0, #4]
    bx r1
    .ltorg
    .org 256
