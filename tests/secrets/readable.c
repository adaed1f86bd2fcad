/* Linked with --wrap=prctl into a second build of the program, which is the program but for this: its memory
 * may be read by its parent. */
#include <stdarg.h>
#include <sys/prctl.h>

int __wrap_prctl(int option, ...);      /* the names that the linker gives them */
int __real_prctl(int option, ...);

int __wrap_prctl(int option, ...)
{
    unsigned long value[4];
    va_list args;
    va_start(args, option);
    for (unsigned i = 0; i < 4; i++)    /* more than there are mean nothing, as to prctl(2) itself */
        value[i] = va_arg(args, unsigned long);
    va_end(args);
    return option == PR_SET_DUMPABLE ? 0 : __real_prctl(option, value[0], value[1], value[2], value[3]);
}
