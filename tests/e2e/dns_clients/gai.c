// getaddrinfo(3) for many names at once, one thread each: built against glibc and against musl.
//
//   gai FAMILY NAME [FAMILY NAME]…      FAMILY is u (AF_UNSPEC) or 4 (AF_INET)
//
// Prints a line for each: NAME RESULT SECONDS, where RESULT is OK or the error's name.

#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

struct Job {
  int family;
  const char* name;
  pthread_t thread;
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// By number: musl's header leaves some out.
static const char* name_of(int code) {
  switch (code) {
    case 0: return "OK";
    case -2: return "EAI_NONAME";
    case -3: return "EAI_AGAIN";
    case -4: return "EAI_FAIL";
    case -5: return "EAI_NODATA";
    case -11: return "EAI_SYSTEM";
    default: return "EAI_OTHER";
  }
}

static void* look_up(void* argument) {
  const struct Job* job = argument;
  struct addrinfo hints;
  memset(&hints, 0, sizeof hints);
  hints.ai_family = job->family;
  hints.ai_socktype = SOCK_STREAM;
  struct addrinfo* found = NULL;
  const double began = now();
  const int code = getaddrinfo(job->name, "80", &hints, &found);
  const double took = now() - began;
  if (code == 0) freeaddrinfo(found);
  printf("%s %s %.2f\n", job->name, name_of(code), took);
  return NULL;
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  const int count = (argc - 1) / 2;
  struct Job* jobs = calloc((size_t)count + 1, sizeof *jobs);
  for (int i = 0; i < count; ++i) {
    jobs[i].family = argv[1 + 2 * i][0] == '4' ? AF_INET : AF_UNSPEC;
    jobs[i].name = argv[2 + 2 * i];
    if (pthread_create(&jobs[i].thread, NULL, look_up, &jobs[i]) != 0) return 1;
  }
  for (int i = 0; i < count; ++i) pthread_join(jobs[i].thread, NULL);
  free(jobs);
  return 0;
}
