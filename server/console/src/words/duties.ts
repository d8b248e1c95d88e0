import { spoken } from "./spoken";

/** Roles and levels of areas, as people call them. A role or level that is not here is shown as it is. */
export const duties = spoken(
  {
    role: { operator: "值班员", commander: "指挥员", grid_worker: "网格员", group_head: "户长", volunteer: "志愿者", family: "亲属", police: "警察", department: "部门", technician: "技术员", auditor: "审计员", administrator: "管理员", wall: "大屏", siren: "警报器", speaker: "大喇叭" } as Record<string, string>,
    level: { site: "住户", group: "户组", grid: "网格", village: "村", township: "乡镇", county: "县", city: "市" } as Record<string, string>,
    own: { site: "本户", group: "本组", grid: "本网格", village: "本村", township: "本乡镇", county: "县", city: "市" } as Record<string, string>,
    police: "警格",
    everywhere: "全县",
  },
  {
    role: { operator: "operator", commander: "commander", grid_worker: "grid worker", group_head: "group head", volunteer: "volunteer", family: "family", police: "police", department: "department", technician: "technician", auditor: "auditor", administrator: "administrator", wall: "wall", siren: "siren", speaker: "loudspeaker" },
    level: { site: "house", group: "group", grid: "grid", village: "village", township: "township", county: "county", city: "city" },
    own: { site: "of the house", group: "of the group", grid: "of the grid", village: "of the village", township: "of the township", county: "of the county", city: "of the city" },
    police: "police grid",
    everywhere: "whole county",
  },
);
