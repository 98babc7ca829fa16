// The 46 functions of WASI preview 1 as a program imports them: numbers only, so
// that a test can pass what no library would. The layouts and constants are those
// of wasi-libc's header.

#ifndef PREVIEW1_H
#define PREVIEW1_H

#include <stdint.h>
#include <wasi/api.h>

#ifndef MODULE
#define MODULE "wasi_snapshot_preview1"
#endif

#define IMPORT(name) __attribute__((import_module(MODULE), import_name(#name))) int32_t name

IMPORT(args_get)(uint32_t argv, uint32_t buffer);
IMPORT(args_sizes_get)(uint32_t count, uint32_t bytes);
IMPORT(environ_get)(uint32_t environ, uint32_t buffer);
IMPORT(environ_sizes_get)(uint32_t count, uint32_t bytes);
IMPORT(clock_res_get)(uint32_t id, uint32_t resolution);
IMPORT(clock_time_get)(uint32_t id, uint64_t precision, uint32_t time);
IMPORT(fd_advise)(uint32_t fd, uint64_t offset, uint64_t length, uint32_t advice);
IMPORT(fd_allocate)(uint32_t fd, uint64_t offset, uint64_t length);
IMPORT(fd_close)(uint32_t fd);
IMPORT(fd_datasync)(uint32_t fd);
IMPORT(fd_fdstat_get)(uint32_t fd, uint32_t stat);
IMPORT(fd_fdstat_set_flags)(uint32_t fd, uint32_t flags);
IMPORT(fd_fdstat_set_rights)(uint32_t fd, uint64_t base, uint64_t inheriting);
IMPORT(fd_filestat_get)(uint32_t fd, uint32_t stat);
IMPORT(fd_filestat_set_size)(uint32_t fd, uint64_t size);
IMPORT(fd_filestat_set_times)(uint32_t fd, uint64_t accessed, uint64_t modified, uint32_t flags);
IMPORT(fd_pread)(uint32_t fd, uint32_t vectors, uint32_t count, uint64_t offset, uint32_t read);
IMPORT(fd_prestat_get)(uint32_t fd, uint32_t stat);
IMPORT(fd_prestat_dir_name)(uint32_t fd, uint32_t path, uint32_t length);
IMPORT(fd_pwrite)(uint32_t fd, uint32_t vectors, uint32_t count, uint64_t offset, uint32_t written);
IMPORT(fd_read)(uint32_t fd, uint32_t vectors, uint32_t count, uint32_t read);
IMPORT(fd_readdir)(uint32_t fd, uint32_t buffer, uint32_t length, uint64_t cookie, uint32_t used);
IMPORT(fd_renumber)(uint32_t from, uint32_t to);
IMPORT(fd_seek)(uint32_t fd, int64_t offset, uint32_t whence, uint32_t position);
IMPORT(fd_sync)(uint32_t fd);
IMPORT(fd_tell)(uint32_t fd, uint32_t position);
IMPORT(fd_write)(uint32_t fd, uint32_t vectors, uint32_t count, uint32_t written);
IMPORT(path_create_directory)(uint32_t fd, uint32_t path, uint32_t length);
IMPORT(path_filestat_get)(uint32_t fd, uint32_t lookup, uint32_t path, uint32_t length, uint32_t stat);
IMPORT(path_filestat_set_times)(uint32_t fd, uint32_t lookup, uint32_t path, uint32_t length, uint64_t accessed,
	uint64_t modified, uint32_t flags);
IMPORT(path_link)(uint32_t fd, uint32_t lookup, uint32_t path, uint32_t length, uint32_t to, uint32_t name, uint32_t name_length);
IMPORT(path_open)(uint32_t fd, uint32_t lookup, uint32_t path, uint32_t length, uint32_t open, uint64_t base,
	uint64_t inheriting, uint32_t flags, uint32_t opened);
IMPORT(path_readlink)(uint32_t fd, uint32_t path, uint32_t length, uint32_t buffer, uint32_t buffer_length, uint32_t used);
IMPORT(path_remove_directory)(uint32_t fd, uint32_t path, uint32_t length);
IMPORT(path_rename)(uint32_t fd, uint32_t path, uint32_t length, uint32_t to, uint32_t name, uint32_t name_length);
IMPORT(path_symlink)(uint32_t target, uint32_t target_length, uint32_t fd, uint32_t path, uint32_t length);
IMPORT(path_unlink_file)(uint32_t fd, uint32_t path, uint32_t length);
IMPORT(poll_oneoff)(uint32_t in, uint32_t out, uint32_t count, uint32_t happened);
IMPORT(proc_raise)(uint32_t signal);
IMPORT(random_get)(uint32_t buffer, uint32_t length);
IMPORT(sched_yield)(void);
IMPORT(sock_accept)(uint32_t fd, uint32_t flags, uint32_t accepted);
IMPORT(sock_recv)(uint32_t fd, uint32_t vectors, uint32_t count, uint32_t flags, uint32_t received, uint32_t out_flags);
IMPORT(sock_send)(uint32_t fd, uint32_t vectors, uint32_t count, uint32_t flags, uint32_t sent);
IMPORT(sock_shutdown)(uint32_t fd, uint32_t how);

__attribute__((import_module(MODULE), import_name("proc_exit"), noreturn)) void proc_exit(uint32_t code);

// at is the address of something in linear memory.
#define at(thing) ((uint32_t)(uintptr_t)(thing))

// OUTSIDE is no address: linear memory never reaches it in these programs.
#define OUTSIDE 0xfffffff0u

// CLOSED is a descriptor that is never open.
#define CLOSED 77777u

#endif
