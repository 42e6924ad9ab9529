import Foundation
import ProcMem
import TestSupport

/// `/proc` mounted with hidepid: what a user sees of other users' processes.
enum HiddenProcessChecks {
    static let all: [Check] = ["0", "1", "2", "4"].map { hidepid in
        Check("hidepid/\(hidepid)", on: [.v2]) {
            let child = try ChildProcess(state: "tree", 2, 8 << 20)
            let own = try ChildProcess(
                running: BuiltProduct.url(of: "ProcessStates").path,
                ["as-nobody", "hold", "8388608"]
            )
            try own.waitUntilReady(in: "hold")
            _ = try Inside.output(of: "mount -o remount,hidepid=\(hidepid) /proc")
            defer { _ = try? Inside.output(of: "mount -o remount,hidepid=0 /proc") }
            let shows = try Rights.asNobody { Files.isListed("\(child.pid)", in: "/proc") }
            let reads = try Rights.asNobody { (try? Files.text("/proc/\(child.pid)/statm")) != nil }
            try expect(shows, is: ["0", "1"].contains(hidepid), "whether the kernel shows the process")
            try expect(reads, is: hidepid == "0", "whether the kernel lets it be read")

            let cheap = try Rights.asNobody { Result { try memoryUsage(of: child.pid, mode: .cheap) } }
            switch (hidepid, cheap) {
            case ("0", .success(let usage)):
                try expect(usage.rssBytes ?? 0 >= 8 << 20, "RSS \(usage)")
                let accurate = try Rights.asNobody { try memoryUsage(of: child.pid, mode: .accurate) }
                try expect(accurate.unavailable, is: .permissionDenied, "why there is no PSS")
                try expect(accurate.pssBytes == nil && accurate.rssBytes != nil, "figures \(accurate)")
            case (_, .success(let usage)):
                try expect(usage.rssBytes == nil, "figures \(usage)")
                try expect(usage.unavailable, is: .permissionDenied, "why there is nothing")
            case (_, .failure(let error as ProcMemError)):
                try expect(hidepid != "0", "an error: \(error)")
                try expect([.permissionDenied, .noSuchProcess].contains(error.code), "the error: \(error)")
                print("\(error)")
            default: throw Unexpected("\(cheap)")
            }
            let mine = try Rights.asNobody { try memoryUsage(of: own.pid, mode: .accurate) }
            try expect(mine.ussBytes ?? 0 >= 8 << 20, "the user's own process: \(mine)")

            let all = try Rights.asNobody { try memorySnapshot(of: .all, mode: .cheap) }
            let sees = all.processes.contains { $0.pid == child.pid }
            try expect(all.processes.contains { $0.pid == own.pid }, "the user's own process is missing")
            if hidepid == "0" {
                try expect(sees && all.isComplete, "not all: \(all.gaps)")
            } else {
                try expect(
                    all.gaps.contains(.hidden) || sees,
                    "processes are missing, which is not reported: \(all.gaps)"
                )
                let tree = try? Rights.asNobody { try memorySnapshot(of: .tree(root: child.pid), mode: .cheap) }
                try expect(
                    tree.map { !$0.isComplete || $0.total.unavailableCount ?? 0 > 0 } ?? true,
                    "a tree of what is hidden"
                )
            }
            // Root sees everything.
            try expect(
                memorySnapshot(of: .tree(root: child.pid), mode: .accurate).total.processCount,
                is: 3,
                "root's tree"
            )
        }
    }
}
