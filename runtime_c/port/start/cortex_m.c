/* Start-up, faults and exit of Cortex-M cores, Armv6-M to Armv8.1-M. */
#include "../../firmware/server.h"
#include "../port.h"
#if defined(PORT_SEMIHOSTING)
#include "../semihosting.h"
#endif

#define CPACR PORT_REG(0xE000ED88u)
#define CCR PORT_REG(0xE000ED14u)
#define CFSR PORT_REG(0xE000ED28u)
#define BFAR PORT_REG(0xE000ED38u)
#define AIRCR PORT_REG(0xE000ED0Cu)
#define VTOR PORT_REG(0xE000ED08u)
#define NVIC_ENABLE(irq) PORT_REG(0xE000E100u + 4u * ((irq) / 32u))
#define NVIC_CLEAR(irq) PORT_REG(0xE000E280u + 4u * ((irq) / 32u))

extern uint32_t port_stack_top[];

void reset_handler(void);
_Noreturn void core_start(void);
void fault_handler(void);
_Noreturn void fault_report(const uint32_t *frame);

struct vector_table {
    uint32_t *stack_top;
    void (*handlers[15])(void);
};
/* No interrupt is ever taken, so everything but reset is a fault. */
__attribute__((section(".vectors"), used, aligned(128))) const struct vector_table vector_table = {
    port_stack_top,
    {reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
     fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
     fault_handler},
};

#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
#define NO_STACK_LIMIT "msr msplim, r0\n\t"
#else
#define NO_STACK_LIMIT
#endif

/* A boot loader may have left its own stack, with a limit, and enabled interrupts. */
__attribute__((naked)) void reset_handler(void)
{
    __asm__("cpsid i\n\t"
            "movs r0, #0\n\t"
            "msr control, r0\n\t" NO_STACK_LIMIT
            "ldr r0, =port_stack_top\n\t"
            "msr msp, r0\n\t"
            "isb\n\t"
            "ldr r0, =core_start\n\t"
            "bx r0\n\t"
            ".ltorg");
}

#if defined(PORT_CACHES)
#define ICIALLU PORT_REG(0xE000EF50u)
#define DCISW PORT_REG(0xE000EF60u)
#define CCSIDR PORT_REG(0xE000ED80u)
#define CSSELR PORT_REG(0xE000ED84u)
#define CACHES_ON (3u << 16)

/* Both caches hold chance after power-up (Armv7-M architecture reference manual, section B2.2). */
static void caches_start(void)
{
    if (CCR & CACHES_ON) {
        return;
    }
    ICIALLU = 0;
    CSSELR = 0;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    uint32_t sets = CCSIDR >> 13 & 0x7FFFu, ways = CCSIDR >> 3 & 0x3FFu, line_shift = (CCSIDR & 7u) + 4u;
    uint32_t way_shift = ways == 0 ? 0 : (uint32_t)__builtin_clz(ways);
    for (uint32_t set = 0; set <= sets; ++set) {
        for (uint32_t way = 0; way <= ways; ++way) {
            DCISW = way << way_shift | set << line_shift;
        }
    }
    __asm__ volatile("dsb" ::: "memory");
    CCR |= CACHES_ON;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}
#endif

_Noreturn void core_start(void)
{
#if __ARM_ARCH >= 7
    VTOR = (uint32_t)(uintptr_t)&vector_table;
#endif
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    CPACR |= 0xFu << 20; /* coprocessors 10 and 11: FPU and MVE */
#if defined(__ARM_FEATURE_MVE)
    CCR |= 1u << 19; /* LOB: loops that end in LE or LETP cost no branch (Armv8.1-M) */
#endif
    __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
#if defined(PORT_CACHES)
    caches_start();
#endif
    bare_start();
}

void core_wait(void)
{
#if defined(PORT_UART_INTERRUPT)
    __asm__ volatile("cpsid i" ::: "memory"); /* a masked interrupt still ends WFI */
    NVIC_ENABLE(PORT_UART_INTERRUPT) = 1u << PORT_UART_INTERRUPT % 32u;
    __asm__ volatile("dsb\n\twfi" ::: "memory");
    NVIC_CLEAR(PORT_UART_INTERRUPT) = 1u << PORT_UART_INTERRUPT % 32u;
#endif
}

/* The stack may be what broke: report from the top of it, with the old pointer as argument. */
__attribute__((naked)) void fault_handler(void)
{
    __asm__("mrs r0, msp\n\t"
            "ldr r1, =port_stack_top\n\t"
            "mov sp, r1\n\t"
            "ldr r1, =fault_report\n\t"
            "bx r1\n\t"
            ".ltorg");
}

_Noreturn void fault_report(const uint32_t *frame)
{
    /* The processor stacked r0-r3, r12, lr, pc, xpsr. Its pointer is only believed if it points into the stack. */
    extern uint32_t port_stack_low[];
    struct fw_fault fault = {.sp = (uint32_t)(uintptr_t)frame};
    if (frame >= port_stack_low && frame + 8 <= port_stack_top) {
        for (uint32_t i = 0; i < 5; ++i) {
            fault.registers[i] = frame[i];
        }
        fault.lr = frame[5];
        fault.pc = frame[6];
        fault.status = frame[7];
        fault.sp += 32u;
    }
#if __ARM_ARCH >= 7 && !defined(__ARM_ARCH_8M_BASE__)
    fault.cause = CFSR;
    fault.address = BFAR;
#endif
    fw_say_crashed(&fault);
    port_leave(3);
}

#if defined(PORT_SEMIHOSTING)
_Noreturn void port_leave(int code)
{
    const uint32_t arguments[2] = {0x20026u, (uint32_t)code}; /* reason: the application has ended */
    for (;;) {
        semihosting(SEMIHOSTING_EXIT, arguments);
    }
}
#else
/* A real board starts anew, whatever the code. */
_Noreturn void port_leave(int code)
{
    (void)code;
    __asm__ volatile("dsb" ::: "memory");
    AIRCR = 0x05FA0004u;
    for (;;) {
    }
}
#endif
