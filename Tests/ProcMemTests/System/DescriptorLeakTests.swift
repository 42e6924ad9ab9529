import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// A file that was opened is closed, whatever the result of the read is.
@Suite struct DescriptorLeakTests {
    /// The number of descriptors of files in a directory. Concurrent tests have descriptors of their own.
    private func openDescriptors(below directory: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
            return target?.hasPrefix(directory) == true
        }
    }

    @Test func theCountSeesADescriptor() throws {
        let tree = try FixtureTree(["/file": ""])
        let file = try tree.root().open("/file".nulTerminated.span)
        #expect(try openDescriptors(below: tree.directory.path) == 1)
        _ = consume file
        #expect(try openDescriptors(below: tree.directory.path) == 0)
    }

    @Test(arguments: ["/file", "/missing", "/folder", "/large", "/folder/file/file", "/loop"])
    func aThousandReadsLeaveNothingOpen(_ path: String) throws {
        let tree = try FixtureTree(
            ["/file": "text", "/folder/file": "", "/large": String(repeating: "x", count: 5000)],
            links: ["/loop": "loop"]
        )
        let root = tree.root()
        let readOptions = FileReadOptions(expectedBytes: 64, limitBytes: 4096)
        for _ in 0..<1000 {
            _ = try? root.read(path.nulTerminated.span, readOptions) { (_) throws(ParseError) in throw ParseError("x") }
            _ = try? root.open(path.nulTerminated.span, as: .directory).subdirectoryNames()
        }
        #expect(try openDescriptors(below: tree.directory.path) == 0)
    }

    /// A long path through one directory. For a directory that is really this deep, the kernel could not report a path.
    @Test(arguments: ["/file", "/missing"]) func theFoldersOnALongWayAreClosed(_ file: String) throws {
        let tree = try FixtureTree(["/file": "text"])
        let path = (String(repeating: "/.", count: 6000) + file).nulTerminated
        let readOptions = FileReadOptions(expectedBytes: 64, limitBytes: 4096)
        for _ in 0..<20 {
            let below = try? tree.root().read(path.span, readOptions) { $0.count }
            let live = try? SystemRoot.live.read((Array(tree.directory.path.utf8) + path).span, readOptions) {
                $0.count
            }
            #expect(below == (file == "/file" ? 4 : nil))
            #expect(live == below)
        }
        #expect(try openDescriptors(below: tree.directory.path) == 0)
    }

    @Test func aThousandQuestionsLeaveNothingOpen() throws {
        let child = try ChildProcess(state: "hold", 4096)
        for _ in 0..<1000 {
            _ = try CPULimits(of: child.pid)
            _ = try CPUThrottling(of: child.pid)
            _ = try ContainerMemory(of: child.pid)
            _ = try Statm(of: child.pid)
        }
        #expect(try openDescriptors(below: "/proc/\(child.pid)") == 0)
    }

    @Test func aThousandQuestionsAboutAFolderOfFilesLeaveNothingOpen() throws {
        let tree = try FixtureTree(
            MountTable.files(
                in: "/a/b",
                [
                    "/proc/self/status": "Cpus_allowed:\tf\n",
                    "/sys/fs/cgroup/a/cpu.max": "junk\n",
                    "/sys/fs/cgroup/a/b/memory.max": "1\n",
                    "/sys/fs/cgroup/a/b/memory.current": "junk\n",
                ]
            )
        )
        for _ in 0..<1000 {
            #expect(try CPULimits.current(in: tree.root()).effectiveCPUCount() == 4)
            _ = try? CPULimits(of: 17, in: tree.root())
            #expect(try ContainerMemory.current(in: tree.root()).limitBytes == 1)
            _ = try? ContainerMemory(of: 17, in: tree.root())
        }
        #expect(try openDescriptors(below: tree.directory.path) == 0)
    }
}
