/* Start-up, traps and exit of RISC-V cores in machine mode. The assembler is told of the CSR instructions here and not
 * by -march=..._zicsr, for which GCC 12 finds no matching libgcc and takes the 64-bit one. */
#include "../../firmware/server.h"
#include "../port.h"

void trap_handler(void);
_Noreturn void trap_report(const uint32_t *saved);

__attribute__((naked, used, section(".vectors"))) void reset_handler(void)
{
    __asm__(".option push\n\t"
            ".option arch, +zicsr\n\t"
            ".option norelax\n\t"
            "la gp, __global_pointer$\n\t"
            ".option relax\n\t"
            "la sp, port_stack_top\n\t"
            "la t0, trap_handler\n\t"
            "csrw mtvec, t0\n\t"
            ".option pop\n\t"
            "tail bare_start");
}

void core_wait(void)
{
#if defined(PORT_PLIC)
    PORT_REG(PORT_PLIC + 4u * PORT_UART_INTERRUPT) = 1u; /* priority above the threshold, 0 */
    PORT_REG(PORT_PLIC + 0x2000u + 4u * (PORT_UART_INTERRUPT / 32u)) = 1u << PORT_UART_INTERRUPT % 32u;
    __asm__ volatile(".option push\n\t"
                     ".option arch, +zicsr\n\t"
                     "csrs mie, %0\n\t" /* external interrupts end WFI; mstatus.MIE stays 0, so none is taken */
                     "wfi\n\t"
                     ".option pop" ::"r"(1u << 11)
                     : "memory");
    PORT_REG(PORT_PLIC + 0x200004u) = PORT_REG(PORT_PLIC + 0x200004u); /* claim and complete */
#endif
}

/* mtvec's, which is 256 where it always works as a table, whose first entry traps go to, as on the ESP32-C3. */
#if !defined(PORT_TRAP_ALIGNMENT)
#define PORT_TRAP_ALIGNMENT 4
#endif

/* The stack may be what broke: report from the top of it. */
__attribute__((naked, used, aligned(PORT_TRAP_ALIGNMENT))) void trap_handler(void)
{
    __asm__(".option push\n\t"
            ".option arch, +zicsr\n\t"
            "csrw mscratch, sp\n\t"
            ".option pop\n\t"
            "la sp, port_stack_top - 32\n\t"
            "sw a0, 0(sp)\n\t"
            "sw a1, 4(sp)\n\t"
            "sw a2, 8(sp)\n\t"
            "sw a3, 12(sp)\n\t"
            "sw t0, 16(sp)\n\t"
            "sw ra, 20(sp)\n\t"
            "mv a0, sp\n\t"
            "tail trap_report");
}

/* `saved`: a0-a3, t0 and ra. */
_Noreturn void trap_report(const uint32_t *saved)
{
    struct fw_fault fault = {.lr = saved[5], .architecture = 1};
    for (uint32_t i = 0; i < 5; ++i) {
        fault.registers[i] = saved[i];
    }
    __asm__ volatile(".option push\n\t"
                     ".option arch, +zicsr\n\t"
                     "csrr %0, mepc\n\t"
                     "csrr %1, mcause\n\t"
                     "csrr %2, mtval\n\t"
                     "csrr %3, mscratch\n\t"
                     "csrr %4, mstatus\n\t"
                     ".option pop"
                     : "=r"(fault.pc), "=r"(fault.cause), "=r"(fault.address), "=r"(fault.sp), "=r"(fault.status));
    fw_say_crashed(&fault);
    port_leave(3);
}

#if defined(PORT_FINISHER)
/* SiFive test finisher, which QEMU's virt board has too: PASS, or FAIL with a code above. */
_Noreturn void port_leave(int code)
{
    PORT_REG(PORT_FINISHER) = code == 0 ? 0x5555u : (uint32_t)code << 16 | 0x3333u;
    for (;;) {
    }
}
#else
/* A real board starts anew, whatever the code. */
_Noreturn void port_leave(int code)
{
    (void)code;
    PORT_REG(PORT_RESET) |= 1u << PORT_RESET_BIT;
    for (;;) {
    }
}
#endif
