/* What the boot ROM of the i.MX RT1060 reads from the flash at 0x60000000: how to talk to the flash chip (512 bytes), and
 * 4 KiB further where the program is (reference manual IMXRT1060RM, sections 9.6.3.1 and 9.7.1). The chip is taken for
 * one that knows the quad read EBh with six dummy cycles, at 100 MHz, as all of Winbond's W25Q family do. */
    .equ FLASH, 0x60000000
    .equ FLASH_BYTES, 0x800000

    .section .boot2, "a"
flash_config:
    .ascii "FCFB"
    .word 0x56010000       /* version 1.0.0 of this block */
    .word 0
    .byte 1, 1, 2, 0       /* read strobe looped back internally; hold and set-up time; no column address */
    .org 0x44
    .byte 1, 4, 6, 1       /* serial NOR; four data lines; 100 MHz; with a table of its own below */
    .org 0x50
    .word FLASH_BYTES
    .org 0x80              /* table, entry 0, read: each half word is operation << 10 | lines << 8 | operand */
    .hword 1 << 10 | 0 << 8 | 0xEB  /* command on one line */
    .hword 2 << 10 | 2 << 8 | 24    /* address of 24 bits on four */
    .hword 7 << 10 | 2 << 8 | 0xFF  /* mode byte: none follows */
    .hword 12 << 10 | 2 << 8 | 4    /* dummy cycles */
    .hword 9 << 10 | 2 << 8 | 1     /* data */
    .hword 0
    .org 0x1C0
    .word 256              /* page */
    .word 4096             /* sector */
    .byte 1, 0, 0, 0       /* commands of the ROM's own at 30 MHz */
    .org 0x1D0
    .word 0x10000          /* block */
    .org 0x1000

image_vector_table:
    .word 0x432000D1       /* tag D1, 32 bytes, version 4.3 */
    .word reset_handler
    .word 0, 0             /* reserved; no device configuration */
    .word boot_data
    .word image_vector_table
    .word 0, 0             /* not signed */
boot_data:
    .word FLASH
    .word port_flash_end - FLASH
    .word 0
    .org 0x2000
