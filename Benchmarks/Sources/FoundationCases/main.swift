import Foundation
import Timing

time { ProcessInfo.processInfo.activeProcessorCount }
