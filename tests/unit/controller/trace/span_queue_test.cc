#include "controller/trace/span_queue.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

TimedTrace trace_of(std::uint64_t id, std::size_t spans) {
  return {.trace = {.id_low = id, .spans = std::vector<Span>(spans)}, .to_unix = {}};
}

std::vector<std::uint64_t> ids(const std::vector<TimedTrace>& traces) {
  std::vector<std::uint64_t> found;
  for (const TimedTrace& one : traces) found.push_back(one.trace.id_low);
  return found;
}

using Ids = std::vector<std::uint64_t>;

TEST(SpanQueue, GivesWholeTracesInTheirOrder) {
  SpanQueue queue(100);
  for (const std::uint64_t id : {1U, 2U, 3U, 4U}) queue.add(trace_of(id, 4));
  EXPECT_EQ(queue.spans(), 16U);
  EXPECT_EQ(ids(queue.take(9)), (Ids{1, 2}));
  EXPECT_EQ(ids(queue.take(3)), (Ids{3})) << "one, however long";
  EXPECT_EQ(ids(queue.take(100)), (Ids{4}));
  EXPECT_TRUE(queue.take(100).empty());
  EXPECT_EQ(queue.spans(), 0U);
}

TEST(SpanQueue, DropsItsOldestTracesWhole) {
  SpanQueue queue(10);
  for (const std::uint64_t id : {1U, 2U, 3U, 4U}) queue.add(trace_of(id, 4));
  EXPECT_EQ(queue.spans(), 8U);
  EXPECT_EQ(queue.dropped(), 8U);
  EXPECT_EQ(ids(queue.take(100)), (Ids{3, 4}));
  queue.add(trace_of(5, 11));
  EXPECT_EQ(queue.dropped(), 19U) << "more than there will ever be room for";
  EXPECT_EQ(queue.spans(), 0U);
}

}  // namespace
}  // namespace weir::controller
