// Configuration of libc++ for wasi-libc, included before each of its files and
// before each C++ program: the sources that libc++ is built from have no
// __config_site. The names are libc++'s own.

#ifndef CXX_SITE_H
#define CXX_SITE_H

#define _LIBCPP_ABI_VERSION 1
#define _LIBCPP_ABI_NAMESPACE __1
#define _LIBCPP_HARDENING_MODE_DEFAULT 2 // none
#define _LIBCPP_PSTL_BACKEND_SERIAL
#define _LIBCPP_HAS_MUSL_LIBC
#define _LIBCPP_HAS_NO_VENDOR_AVAILABILITY_ANNOTATIONS
#define _LIBCPP_HAS_NO_THREADS
#define _LIBCXXABI_HAS_NO_THREADS
#define _LIBUNWIND_HAS_NO_THREADS
#define _LIBCPP_HAS_NO_FILESYSTEM
#define _LIBCPP_HAS_NO_TIME_ZONE_DATABASE

#endif
