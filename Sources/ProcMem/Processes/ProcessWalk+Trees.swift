/// Walks over a process and its descendants.
extension ProcessWalk {
    /// Visits a process that a caller named, and in a tree all of its descendants, parents before children.
    mutating func visit(named process: ProcessSelector) throws(ProcMemError) {
        let process = try process.validated(in: root)
        let named = Candidate(process: process, isNamed: true)
        do throws(ReadFailure) {
            try visitDescendants(try visit(named))
        } catch {
            if error.isAbsence, includeIfHidden(named) { return }
            throw ProcMemError(explaining: error, at: ProcPath(directoryOf: process), of: process, in: root)
        }
        // Whoever was looked for at the wrong place has been met at another one, or belongs to nobody here.
        strays = []
    }

    /// Visits candidates, the last one first, and all of their descendants.
    private mutating func visitDescendants(_ candidates: [Candidate]) throws(ReadFailure) {
        var pending = candidates
        if try visitSideBySide(pending) { return }
        while let next = pending.popLast() {
            do throws(ReadFailure) {
                let children = try visit(next)
                if try !visitSideBySide(children) { pending += children }
            } catch  where error.isAbsence {
                includeIfHidden(next)
            }
        }
    }

    /// Visits many candidates and all of their descendants by several threads; false where they are too few.
    private mutating func visitSideBySide(_ candidates: [Candidate]) throws(ReadFailure) -> Bool {
        guard isConcurrent, children?.search == .childrenFiles, candidates.count > 1 else { return false }
        let parts = ConcurrentWork.parts(of: candidates.reversed(), worthAThread: 32)
        guard parts.count > 1 else { return false }
        let work = walking { (walk: inout ProcessWalk, part: ArraySlice<Candidate>) throws(ReadFailure) in
            try walk.visitDescendants(part.reversed())
        }
        var strays: [Candidate] = []
        for walk in ConcurrentWork.results(of: parts, on: "procmem-walk", work) {
            let walk = try walk.get()
            // Who was given to another parent meanwhile may have been met in two parts.
            members += walk.members.filter { !visited.contains($0.pid) }
            visited.formUnion(walk.visited)
            for gap in walk.gaps { budget.note(gap) }
            if walk.children?.search == .scan { children = walk.children }
            strays += walk.strays
        }
        members = Array(budget.allowed(of: members, after: countBefore))
        // A parent that was met in another part is known now.
        for stray in strays {
            do throws(ReadFailure) {
                try visitDescendants(visit(stray))
            } catch  where error.isAbsence {
                includeIfHidden(stray)
            }
        }
        return true
    }

    /// A part of this walk as another thread does it: it has met whom this one has met, and starts no threads itself.
    func walking<Part, Failure>(
        _ visit: @escaping @Sendable (inout ProcessWalk, Part) throws(Failure) -> Void
    ) -> @Sendable (Part) -> Result<ProcessWalk, Failure> {
        var blank = self
        blank.countBefore += members.count
        blank.members = []
        blank.strays = []
        blank.isConcurrent = false
        return { [blank] part in
            Result { () throws(Failure) in
                var walk = blank
                try visit(&walk, part)
                return walk
            }
        }
    }
}
