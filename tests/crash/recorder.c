// Preloaded into a program, writes down every change it makes to the files below one folder, in order and
// with the data, so that crash states can be rebuilt from it.
//
//   SIGNET_RECORD_ROOT  the folder, absolute and without symbolic links
//   SIGNET_RECORD_LOG   the log, outside of it; several processes may share one
//
// Each call is made and written down under one lock (of threads by a mutex, of processes by flock), so the
// order in the log is the order on the disk. The log's format is read by operation_log.cc. What goes another
// way (stdio, mmap, copy_file_range) is not seen; the test compares the rebuilt end with the real one to
// notice.
// The names are glibc's. NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum Operation {
  kOpen = 1,
  kWrite = 2,
  kTruncate = 3,
  kSync = 4,
  kRename = 5,
  kUnlink = 6,
  kMakeFolder = 7,
  kLink = 8,
  kChangeMode = 9,
};

enum { kMaxDescriptors = 65536, kNoDescriptor = -1 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int log_descriptor = kNoDescriptor;
static char root[PATH_MAX];
static size_t root_size;
// Whether a descriptor was opened on something below the root.
static unsigned char watched[kMaxDescriptors];

#define REAL(name) ((__typeof__(&name))Real(#name))

static void* Real(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == NULL) abort();
  return found;
}

__attribute__((constructor)) static void Start(void) {
  const char* folder = getenv("SIGNET_RECORD_ROOT");
  const char* log = getenv("SIGNET_RECORD_LOG");
  if (folder == NULL || log == NULL) return;
  root_size = strlen(folder);
  if (root_size == 0 || root_size >= sizeof(root)) abort();
  memcpy(root, folder, root_size + 1);
  const int opened = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (opened < 0) abort();
  // Out of the way of programs that expect small numbers.
  log_descriptor = fcntl(opened, F_DUPFD_CLOEXEC, 500);
  if (log_descriptor < 0) abort();
  REAL(close)(opened);
}

static void Lock(void) {
  pthread_mutex_lock(&mutex);
  while (log_descriptor >= 0 && flock(log_descriptor, LOCK_EX) != 0) {
    if (errno != EINTR) abort();
  }
}

static void Unlock(void) {
  const int saved = errno;
  if (log_descriptor >= 0) flock(log_descriptor, LOCK_UN);
  pthread_mutex_unlock(&mutex);
  errno = saved;
}

// The absolute path in `out`, or false when it is not below the root.
static int Below(int folder, const char* path, char out[PATH_MAX]) {
  if (log_descriptor < 0 || path == NULL) return 0;
  if (path[0] == '/') {
    if (strlen(path) >= PATH_MAX) return 0;
    strcpy(out, path);
  } else {
    char base[PATH_MAX] = {0};
    if (folder == AT_FDCWD) {
      if (getcwd(base, sizeof(base)) == NULL) return 0;
    } else {
      char link_path[64];
      snprintf(link_path, sizeof(link_path), "/proc/self/fd/%d", folder);
      const ssize_t size = readlink(link_path, base, sizeof(base) - 1);
      if (size < 0) return 0;
      base[size] = '\0';
    }
    if (strlen(base) + 1 + strlen(path) >= PATH_MAX) return 0;
    strcpy(out, base);
    strcat(out, "/");
    strcat(out, path);
  }
  return strncmp(out, root, root_size) == 0 && (out[root_size] == '/' || out[root_size] == '\0');
}

static int IsWatched(int fd) {
  return log_descriptor >= 0 && fd >= 0 && fd < kMaxDescriptors && watched[fd] != 0;
}

static unsigned char* Put(unsigned char* at, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) *at++ = (unsigned char)(value >> shift);
  return at;
}

// Called with the lock held, after the call succeeded.
static void Record(enum Operation operation, int fd, uint64_t offset, uint32_t flags, uint32_t mode,
                   const char* path, const char* other, const void* data, size_t size) {
  const size_t path_size = path == NULL ? 0 : strlen(path);
  const size_t other_size = other == NULL ? 0 : strlen(other);
  const size_t total = 1 + 4 + 4 + 8 + 4 + 4 + 2 + path_size + 2 + other_size + 4 + size;
  unsigned char* record = malloc(total);
  if (record == NULL) abort();
  unsigned char* at = Put(record, operation, 1);
  at = Put(at, (uint32_t)getpid(), 4);
  at = Put(at, (uint32_t)fd, 4);
  at = Put(at, offset, 8);
  at = Put(at, flags, 4);
  at = Put(at, mode, 4);
  at = Put(at, path_size, 2);
  if (path_size > 0) memcpy(at, path, path_size);
  at = Put(at + path_size, other_size, 2);
  if (other_size > 0) memcpy(at, other, other_size);
  at = Put(at + other_size, size, 4);
  if (size > 0) memcpy(at, data, size);
  if (REAL(write)(log_descriptor, record, total) != (ssize_t)total) abort();
  free(record);
}

static int Opened(int fd, int flags, const char* path) {
  if (fd < 0) return fd;
  if (fd >= kMaxDescriptors) abort();
  struct stat info;
  if (fstat(fd, &info) != 0) abort();
  if (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)) {
    watched[fd] = 1;
    Record(kOpen, fd, 0, (uint32_t)flags, (uint32_t)info.st_mode, path, NULL, NULL, 0);
  }
  return fd;
}

static int OpenAt(int folder, const char* path, int flags, mode_t mode) {
  char absolute[PATH_MAX];
  if (!Below(folder, path, absolute)) return REAL(openat)(folder, path, flags, mode);
  Lock();
  const int fd = Opened(REAL(openat)(folder, path, flags, mode), flags, absolute);
  Unlock();
  return fd;
}

static mode_t ModeArgument(int flags, va_list arguments) {
  return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

#define DEFINE_OPEN(name)                               \
  int name(const char* path, int flags, ...) {          \
    va_list arguments;                                  \
    va_start(arguments, flags);                         \
    const mode_t mode = ModeArgument(flags, arguments); \
    va_end(arguments);                                  \
    return OpenAt(AT_FDCWD, path, flags, mode);         \
  }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_OPENAT(name)                                \
  int name(int folder, const char* path, int flags, ...) { \
    va_list arguments;                                     \
    va_start(arguments, flags);                            \
    const mode_t mode = ModeArgument(flags, arguments);    \
    va_end(arguments);                                     \
    return OpenAt(folder, path, flags, mode);              \
  }
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

// What a hardened build calls instead.
int __open_2(const char* path, int flags) { return OpenAt(AT_FDCWD, path, flags, 0); }
int __open64_2(const char* path, int flags) { return OpenAt(AT_FDCWD, path, flags, 0); }
int __openat_2(int folder, const char* path, int flags) { return OpenAt(folder, path, flags, 0); }
int __openat64_2(int folder, const char* path, int flags) { return OpenAt(folder, path, flags, 0); }
int creat(const char* path, mode_t mode) {
  return OpenAt(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
int creat64(const char* path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
  if (fd == log_descriptor && fd >= 0) return 0;
  if (IsWatched(fd)) watched[fd] = 0;
  return REAL(close)(fd);
}

ssize_t write(int fd, const void* data, size_t size) {
  if (!IsWatched(fd)) return REAL(write)(fd, data, size);
  Lock();
  const ssize_t written = REAL(write)(fd, data, size);
  if (written > 0) {
    const off_t end = lseek(fd, 0, SEEK_CUR);
    Record(kWrite, fd, (uint64_t)(end - written), 0, 0, NULL, NULL, data, (size_t)written);
  }
  Unlock();
  return written;
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  if (!IsWatched(fd)) return REAL(writev)(fd, parts, count);
  ssize_t total = 0;
  for (int i = 0; i < count; ++i) {
    const ssize_t written = write(fd, parts[i].iov_base, parts[i].iov_len);
    if (written < 0) return total > 0 ? total : written;
    total += written;
    if ((size_t)written < parts[i].iov_len) break;
  }
  return total;
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  if (!IsWatched(fd)) return REAL(pwrite)(fd, data, size, offset);
  Lock();
  const ssize_t written = REAL(pwrite)(fd, data, size, offset);
  if (written > 0) Record(kWrite, fd, (uint64_t)offset, 0, 0, NULL, NULL, data, (size_t)written);
  Unlock();
  return written;
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  return pwrite(fd, data, size, offset);
}

int ftruncate(int fd, off_t size) {
  Lock();
  const int result = REAL(ftruncate)(fd, size);
  if (result == 0 && IsWatched(fd)) Record(kTruncate, fd, (uint64_t)size, 0, 0, NULL, NULL, NULL, 0);
  Unlock();
  return result;
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

int truncate(const char* path, off_t size) {
  char absolute[PATH_MAX];
  Lock();
  const int result = REAL(truncate)(path, size);
  if (result == 0 && Below(AT_FDCWD, path, absolute)) {
    Record(kTruncate, kNoDescriptor, (uint64_t)size, 0, 0, absolute, NULL, NULL, 0);
  }
  Unlock();
  return result;
}
int truncate64(const char* path, off64_t size) { return truncate(path, size); }

// The disk itself is not asked: the log says what was promised, and the machine stays quick.
static int Sync(int fd, int (*real)(int)) {
  if (!IsWatched(fd)) return real(fd);
  Lock();
  Record(kSync, fd, 0, 0, 0, NULL, NULL, NULL, 0);
  Unlock();
  return 0;
}
int fsync(int fd) { return Sync(fd, REAL(fsync)); }
int fdatasync(int fd) { return Sync(fd, REAL(fdatasync)); }

// Sockets and the like are not rebuilt after a crash.
static int IsFileOrFolder(int folder, const char* path) {
  struct stat info;
  return fstatat(folder, path, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
}

static int RenameAt(int from_folder, const char* from, int to_folder, const char* to, unsigned int flags) {
  char absolute_from[PATH_MAX];
  char absolute_to[PATH_MAX];
  if ((flags & RENAME_EXCHANGE) != 0) abort();  // another operation, which nothing here makes
  Lock();
  const int known = IsFileOrFolder(from_folder, from);
  const int result = REAL(renameat2)(from_folder, from, to_folder, to, flags);
  if (result == 0 && known && Below(from_folder, from, absolute_from) && Below(to_folder, to, absolute_to)) {
    Record(kRename, kNoDescriptor, 0, 0, 0, absolute_from, absolute_to, NULL, 0);
  }
  Unlock();
  return result;
}
int rename(const char* from, const char* to) { return RenameAt(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  return RenameAt(from_folder, from, to_folder, to, 0);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned int flags) {
  return RenameAt(from_folder, from, to_folder, to, flags);
}

static int UnlinkAt(int folder, const char* path, int flags) {
  char absolute[PATH_MAX];
  Lock();
  const int known = IsFileOrFolder(folder, path);
  const int result = REAL(unlinkat)(folder, path, flags);
  if (result == 0 && known && Below(folder, path, absolute)) {
    Record(kUnlink, kNoDescriptor, 0, 0, 0, absolute, NULL, NULL, 0);
  }
  Unlock();
  return result;
}
int unlink(const char* path) { return UnlinkAt(AT_FDCWD, path, 0); }
int rmdir(const char* path) { return UnlinkAt(AT_FDCWD, path, AT_REMOVEDIR); }
int unlinkat(int folder, const char* path, int flags) { return UnlinkAt(folder, path, flags); }
int remove(const char* path) {
  const int result = UnlinkAt(AT_FDCWD, path, 0);
  return result != 0 && errno == EISDIR ? UnlinkAt(AT_FDCWD, path, AT_REMOVEDIR) : result;
}

int mkdirat(int folder, const char* path, mode_t mode) {
  char absolute[PATH_MAX];
  Lock();
  const int result = REAL(mkdirat)(folder, path, mode);
  struct stat info;
  if (result == 0 && Below(folder, path, absolute) && fstatat(folder, path, &info, 0) == 0) {
    Record(kMakeFolder, kNoDescriptor, 0, 0, (uint32_t)info.st_mode, absolute, NULL, NULL, 0);
  }
  Unlock();
  return result;
}
int mkdir(const char* path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int fchmodat(int folder, const char* path, mode_t mode, int flags) {
  char absolute[PATH_MAX];
  Lock();
  const int known = IsFileOrFolder(folder, path);
  const int result = REAL(fchmodat)(folder, path, mode, flags);
  if (result == 0 && known && Below(folder, path, absolute)) {
    Record(kChangeMode, kNoDescriptor, 0, 0, (uint32_t)mode, absolute, NULL, NULL, 0);
  }
  Unlock();
  return result;
}
int chmod(const char* path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, 0); }
int fchmod(int fd, mode_t mode) {
  Lock();
  const int result = REAL(fchmod)(fd, mode);
  if (result == 0 && IsWatched(fd)) {
    Record(kChangeMode, fd, 0, 0, (uint32_t)mode, NULL, NULL, NULL, 0);
  }
  Unlock();
  return result;
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  char absolute_from[PATH_MAX];
  char absolute_to[PATH_MAX];
  Lock();
  const int result = REAL(linkat)(from_folder, from, to_folder, to, flags);
  if (result == 0 && Below(from_folder, from, absolute_from) && Below(to_folder, to, absolute_to)) {
    Record(kLink, kNoDescriptor, 0, 0, 0, absolute_from, absolute_to, NULL, 0);
  }
  Unlock();
  return result;
}
int link(const char* from, const char* to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
